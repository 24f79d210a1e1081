import { compileSnapshot } from "@interpose/engine";
import { NO_DESCRIPTORS } from "../../src/hosts/gateway/descriptors/index.ts";
import { startGateway, type Gateway, type GatewayOptions } from "../../src/hosts/gateway/index.ts";
import { cleanUp, type Cleanup } from "./cleanup.ts";

/** Starts a gateway that knows nothing of its API, and hooks nothing. It ends with the test. */
export async function startPassingGateway(
  t: Cleanup,
  upstreamPort: number,
  upstream: Partial<GatewayOptions["upstream"]> = {},
  options: Partial<GatewayOptions> = {},
): Promise<Gateway> {
  const snapshot = compileSnapshot({ revision: 1n, targets: new Map(), executions: new Map() });
  const gateway = await startGateway({
    listen: { host: "127.0.0.1", port: 0 },
    upstream: { url: new URL(`http://127.0.0.1:${upstreamPort}`), ...upstream },
    descriptors: () => NO_DESCRIPTORS,
    snapshot: () => snapshot,
    instanceId: "1",
    onFault: (error) => {
      throw error;
    },
    maxMessageBytes: 1,
    speaks: new Set(["grpc"]),
    run: () => Promise.reject(new Error("nothing is hooked")),
    ...options,
  });
  cleanUp(t, () => gateway.drain(0));
  return gateway;
}
