import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Teardown } from "../../packages/server/src/assembly/teardown.ts";
import { startChild, type Child } from "../harness/child.ts";
import { freePort } from "../harness/free-port.ts";
import { ADMIN_TOKEN, startServer } from "../harness/server.ts";
import { fillStore } from "../harness/store.ts";
import { grpcMessage, pathOf, type Way } from "./cases.ts";
import { childOf, CORES, moveToCore, startProgram } from "./programs.ts";
import type { TargetAnswers } from "./target.ts";

/** Where calls can be sent, and which process is measured there. */
export interface RunningWay {
  readonly url: string;
  readonly pid: number;
}

/** Everything that is called. */
export interface Ways {
  /** A way is absent where its program is not there. */
  readonly ways: Readonly<Partial<Record<Way, RunningWay>>>;
  readonly target: Child<TargetAnswers>;
  /** A file with the body of a request. */
  readonly bodyFile: string;
}

/** Starts an API, and what stands before it: each on a core of its own, but that the API, the target and whoever calls share one. */
export async function startWays(teardown: Teardown, { withNginx }: { readonly withNginx: boolean }): Promise<Ways> {
  const directory = await mkdtemp(join(tmpdir(), "interpose-bench-gateway-"));
  teardown.add("a directory", () => rm(directory, { recursive: true, force: true }));
  const bodyFile = join(directory, "request");
  await writeFile(bodyFile, grpcMessage("what is asked"));

  const api = await freePort();
  const documents = join(directory, "documents");
  await mkdir(join(documents, "bench.v1.Bench"), { recursive: true });
  for (const way of ["gateway", "hooked"] as const)
    await writeFile(join(documents, pathOf(way)), grpcMessage("what is answered"));
  // The fastest API that there is: a file for each method, and gRPC's trailer behind it.
  const nghttpd = ["nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", documents, "-m", "1000"];
  const trailer = ["--trailer", "grpc-status: 0"];
  const command = [...nghttpd, ...trailer, String(api)];
  const server = await startProgram(teardown, { core: CORES.others, port: api, command });
  const gateway = await startGateway(teardown, api);
  return {
    ways: {
      direct: { url: `http://127.0.0.1:${api}`, pid: server.pid ?? 0 },
      ...(withNginx && { nginx: await startNginx(teardown, directory, api) }),
      gateway: gateway.way,
      hooked: gateway.way,
    },
    target: gateway.target,
    bodyFile,
  };
}

async function startNginx(teardown: Teardown, directory: string, api: number): Promise<RunningWay> {
  const port = await freePort();
  const file = join(directory, "nginx.conf");
  // Connections of both sides are kept as long as the gateway keeps them.
  await writeFile(
    file,
    `daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/nginx.log;
events { worker_connections 4096; }
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${directory}/${name};`).join("\n  ")}
  upstream api { server 127.0.0.1:${api}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} http2;
    http2_max_concurrent_streams 1000;
    keepalive_requests 1000000000;
    location / { grpc_pass grpc://api; }
  }
}
`,
  );
  const command = ["nginx", "-e", join(directory, "nginx.log"), "-c", file];
  const master = await startProgram(teardown, { core: CORES.measured, port, command });
  return { url: `http://127.0.0.1:${port}`, pid: childOf(master.pid ?? 0) };
}

/** `interpose serve` with a gateway, and an execution on one of the API's methods that calls a target. */
async function startGateway(
  teardown: Teardown,
  api: number,
): Promise<{ readonly way: RunningWay; readonly target: Child<TargetAnswers> }> {
  const target = startChild<TargetAnswers>(teardown, new URL("./target.ts", import.meta.url));
  moveToCore(target.process.pid ?? 0, CORES.others);
  const endpoint = await target.ask("url", undefined);
  const { dataDir } = await fillStore(teardown, () => []);
  const port = await freePort();
  const server = await startServer(teardown, dataDir, {
    isLaunched: true,
    env: {
      INTERPOSE_EGRESS_ALLOW: "127.0.0.0/8",
      INTERPOSE_GATEWAY_LISTEN: `127.0.0.1:${port}`,
      INTERPOSE_GATEWAY_UPSTREAM: `http://127.0.0.1:${api}`,
      INTERPOSE_GATEWAY_DESCRIPTORS: fileURLToPath(new URL("./proto", import.meta.url)),
    },
  });
  moveToCore(server.pid, CORES.measured);
  const manage = async (method: string, path: string, body: unknown): Promise<{ readonly id: string }> => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
    const response = await fetch(`${server.url}${path}`, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return (await response.json()) as { readonly id: string };
  };
  const call = { name: "no-op", endpoint, restCall: { interruptOnError: true }, timeout: "5s" };
  const { id } = await manage("POST", "/v3alpha/targets", call);
  const condition = { request: { method: pathOf("hooked") } };
  await manage("PUT", "/v3alpha/executions", { condition, targets: [{ target: id }] });
  return { way: { url: `http://127.0.0.1:${port}`, pid: server.pid }, target };
}
