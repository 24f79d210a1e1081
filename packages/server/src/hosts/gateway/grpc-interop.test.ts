// The interop client and server of grpc-go, with a gateway between them. https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createTargetCaller } from "@interpose/caller";
import { cleanUp, forSuite } from "../../../test/harness/cleanup.ts";
import { eventually } from "../../../test/harness/eventually.ts";
import { startPassingGateway } from "../../../test/harness/gateway.ts";
import { buildGoTools } from "../../../test/harness/go-tools.ts";
import { snapshotOf } from "../../../test/harness/snapshot.ts";
import { startTarget, type TestTarget } from "../../../test/harness/target.ts";
import { TEST_SIGNING } from "../../../test/harness/test-keys.ts";
import { createPlanRunner } from "../run-plan.ts";
import { loadDescriptors } from "./descriptors/index.ts";

const MODULE = "google.golang.org/grpc@v1.85.0";
const PROTOS = fileURLToPath(new URL("../../../test/interop", import.meta.url));

/** All of the client's cases but those that need credentials of a cloud, and pick_first_unary, which this server fails by itself: it does not say who it is. */
const CASES = [
  "empty_unary",
  "large_unary",
  "client_streaming",
  "server_streaming",
  "ping_pong",
  "empty_stream",
  "timeout_on_sleeping_server",
  "cancel_after_begin",
  "cancel_after_first_response",
  "status_code_and_message",
  "special_status_message",
  "custom_metadata",
  "unimplemented_method",
  "unimplemented_service",
  "rpc_soak",
  "channel_soak",
  "orca_per_rpc",
  "orca_oob",
];
/** They send no message, have no time for one, or call what is not described. */
const MAY_END_UNSEEN = new Set([
  "empty_stream",
  "cancel_after_begin",
  "timeout_on_sleeping_server",
  "unimplemented_service",
]);
/** How the cases of ORCA want to be called, by grpc-go's interop_test.sh. */
const ORCA = ["-service_config_json", '{"loadBalancingConfig": [{"test_backend_metrics_load_balancer": {}}]}'];

describe("grpc-go's interop client finds its server behind a gateway as it is", () => {
  const suite = forSuite();
  const tools = buildGoTools(suite, MODULE, ["interop/client", "interop/server"]);
  const skip = typeof tools === "string" ? tools : false;
  let target: TestTarget;
  const ports = { unhooked: 0, hooked: 0 };

  before(async () => {
    if (typeof tools === "string") return;
    const upstream = await freePort();
    const server = spawn(tools.path("server"), ["-port", String(upstream)], { stdio: "ignore" });
    cleanUp(suite, async () => {
      server.kill("SIGTERM");
      await once(server, "exit");
    });
    await eventually("the server listens", () => isListenedOn(upstream));
    target = await startTarget(suite, ({ body }) => ({ body: body.response ?? body.request }));
    const targets = createTargetCaller({ egressAllow: ["127.0.0.0/8"], ...TEST_SIGNING });
    cleanUp(suite, () => targets.close());
    const descriptors = await loadDescriptors({ kind: "path", path: PROTOS });
    const snapshot = snapshotOf({ request: { endpoint: target.url }, response: { endpoint: target.url } });
    const unhooked = await startPassingGateway(suite, upstream);
    const hooked = await startPassingGateway(
      suite,
      upstream,
      {},
      {
        descriptors: () => descriptors,
        snapshot: () => snapshot,
        run: createPlanRunner({ targets, newRunId: () => "1", onRun: () => undefined }),
        maxMessageBytes: 4 * 1024 * 1024,
      },
    );
    ports.unhooked = unhooked.address.port;
    ports.hooked = hooked.address.port;
  });

  for (const kind of ["unhooked", "hooked"] as const) {
    for (const name of CASES) {
      it(`${name}, ${kind}`, { skip, timeout: 60_000 }, async () => {
        assert.ok(typeof tools !== "string");
        target.calls.length = 0;
        const args = ["-server_host", "127.0.0.1", "-server_port", String(ports[kind]), "-test_case", name];
        // Rejects with what the client has said, when it ends with another code than 0.
        await promisify(execFile)(tools.path("client"), [...args, ...(name.startsWith("orca") ? ORCA : [])]);
        if (kind === "unhooked" || MAY_END_UNSEEN.has(name)) return;
        assert.ok(target.calls.length > 0, "the target was not called");
      });
    }
  }
});

/** A port that nobody listens on: the server can not be asked which it has. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function isListenedOn(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
