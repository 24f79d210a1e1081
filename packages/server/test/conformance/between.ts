import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { fromBinary, toBinary, type DescMessage } from "@bufbuild/protobuf";
import { createTargetCaller } from "@interpose/caller";
import { loadDescriptors } from "../../src/hosts/gateway/descriptors/index.ts";
import { startGateway, type Gateway } from "../../src/hosts/gateway/index.ts";
import type { Spoken } from "../../src/hosts/gateway/protocols/index.ts";
import type { TlsPair } from "../../src/listener/tls-files.ts";
import { createPlanRunner } from "../../src/hosts/run-plan.ts";
import { snapshotOf } from "../harness/snapshot.ts";

/** What stands between the two sides of the Connect conformance suite. The suite's programs of ours are given it as JSON. */
export interface Between {
  /** The suite's own program, on the other side of the gateway. */
  readonly reference: string;
  /** Folder of the suite's .proto files. */
  readonly protos: string;
  /** Called for every request and every response, where it is given. */
  readonly target?: string | undefined;
  /** The server is asked to speak gRPC over HTTP/2 in the clear, whatever its client speaks. */
  readonly isUpstreamGrpc: boolean;
  /** What the gateway takes the other side to understand. */
  readonly speaks: readonly Spoken[];
}

/** What both programs work with. */
export interface Program {
  readonly reference: ChildProcessByStdio<Writable, Readable, null>;
  readonly between: Between;
  /** Starts a gateway before a server, which ends with the program. Answers its port. `ca`: the certificate of a server that speaks TLS, else empty. */
  gatewayTo(
    server: { readonly host: string; readonly port: number; readonly ca: Uint8Array },
    tls?: TlsPair,
  ): Promise<number>;
  /** A message of the suite's, by its name, with its fields by theirs. */
  read(name: string, bytes: Uint8Array): any;
  write(name: string, message: any): Uint8Array;
  /** Ends everything, and this process. */
  end(code: number): Promise<never>;
}

/** Begins one of the suite's programs: the reference implementation runs, and SIGTERM ends all. */
export async function beginProgram(): Promise<Program> {
  const between = JSON.parse(process.argv[2] ?? "") as Between;
  const descriptors = await loadDescriptors({ kind: "path", path: between.protos });
  const hooked = between.target === undefined ? undefined : { endpoint: between.target, timeoutMs: 10_000 };
  const snapshot = snapshotOf(hooked ? { request: hooked, response: hooked } : {});
  const targets = createTargetCaller({ egressAllow: ["127.0.0.0/8"] });
  const gateways: Gateway[] = [];
  const reference = spawn(between.reference, [], { stdio: ["pipe", "pipe", "inherit"] });
  process.once("SIGTERM", () => void end(0));

  async function end(code: number): Promise<never> {
    await Promise.all(gateways.map((gateway) => gateway.drain(0)));
    if (reference.exitCode === null && reference.signalCode === null) {
      reference.kill("SIGTERM");
      await once(reference, "exit");
    }
    process.exit(code);
  }
  const typeOf = (name: string): DescMessage => {
    const type = descriptors.registry.getMessage(`connectrpc.conformance.v1.${name}`);
    if (!type) throw new Error(`the suite has no ${name}`);
    return type;
  };

  return {
    reference,
    between,
    async gatewayTo({ host, port, ca }, tls) {
      const isTls = ca.byteLength > 0;
      const url = new URL(`${isTls ? "https" : "http"}://${host}:${port}`);
      const gateway = await startGateway({
        listen: { host: "127.0.0.1", port: 0 },
        tls,
        upstream: { url, ca: isTls ? Buffer.from(ca).toString() : undefined },
        descriptors: () => descriptors,
        snapshot: () => snapshot,
        instanceId: "1",
        speaks: new Set(between.speaks),
        maxMessageBytes: 4 * 1024 * 1024,
        run: createPlanRunner({ targets, newRunId: () => "1", onRun: () => undefined }),
        onFault(error) {
          process.stderr.write(`the gateway failed: ${error instanceof Error ? error.stack : error}\n`);
          void end(1);
        },
      });
      gateways.push(gateway);
      return gateway.address.port;
    },
    read: (name, bytes) => fromBinary(typeOf(name), bytes),
    write: (name, message) => toBinary(typeOf(name), message),
    end,
  };
}
