import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Teardown } from "../../packages/server/src/assembly/teardown.ts";
import { childrenOf } from "../harness/cpu.ts";
import { freePort } from "../harness/free-port.ts";
import { ADMIN_TOKEN, startServer } from "../harness/server.ts";
import { fillStore } from "../harness/store.ts";
import { grpcMessage, pathOf, type Way } from "./cases.ts";
import { CORES, moveChildrenToCore, moveToCore, startProgram } from "./programs.ts";

/** Where calls can be sent, and which process is measured there. */
export interface RunningWay {
  readonly url: string;
  readonly pid: number;
}

/** What the gateway calls. */
export interface BenchTarget {
  readonly url: string;
  /** How often it was called, and asked this. */
  calls(): Promise<number>;
}

/** Everything that is called. */
export interface Ways {
  readonly ways: Readonly<Record<Way, RunningWay>>;
  readonly target: BenchTarget;
  /** A file with the body of a request. */
  readonly bodyFile: string;
}

/** Starts an API, and what stands before it: each on a core of its own, but that the API, the target and whoever calls share one. */
export async function startWays(teardown: Teardown): Promise<Ways> {
  const directory = await temporaryDirectory(teardown);
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
  const target = await startTarget(teardown);
  const gateway = await startGateway(teardown, api, target.url);
  return {
    ways: {
      direct: { url: `http://127.0.0.1:${api}`, pid: server.pid ?? 0 },
      nginx: await startNginx(teardown, api),
      gateway,
      hooked: gateway,
    },
    target,
    bodyFile,
  };
}

/** nginx with one worker, before the API. */
async function startNginx(teardown: Teardown, api: number): Promise<RunningWay> {
  const port = await freePort();
  // Connections of both sides are kept as long as the gateway keeps them.
  const http = `
  upstream api { server 127.0.0.1:${api}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} http2;
    http2_max_concurrent_streams 1000;
    keepalive_requests 1000000000;
    location / { grpc_pass grpc://api; }
  }`;
  return { url: `http://127.0.0.1:${port}`, pid: await runNginx(teardown, { core: CORES.measured, port, http }) };
}

/**
 * A call target that changes nothing. It is nginx's too, for what a target itself takes is not what is measured, and it shares a core with those who call. Connections are kept for as long as they
 * are used: what opening one costs is not measured either.
 */
async function startTarget(teardown: Teardown): Promise<BenchTarget> {
  const port = await freePort();
  const http = `
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 1000000000;
    location = /called { return 200; }
    location = /status { stub_status; }
  }`;
  await runNginx(teardown, { core: CORES.others, port, http });
  const url = `http://127.0.0.1:${port}`;
  return {
    url: `${url}/called`,
    async calls() {
      const status = await (await fetch(`${url}/status`)).text();
      // Three numbers: connections accepted, and handled, and requests.
      return Number(/^ \d+ \d+ (\d+)/m.exec(status)?.[1]);
    },
  };
}

/** Runs nginx with one worker, and answers the pid of that. */
async function runNginx(
  teardown: Teardown,
  { core, port, http }: { readonly core: number; readonly port: number; readonly http: string },
): Promise<number> {
  const directory = await temporaryDirectory(teardown);
  const file = join(directory, "nginx.conf");
  await writeFile(
    file,
    `daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/nginx.log;
events { worker_connections 4096; }
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${directory}/${name};`).join("\n  ")}${http}
}
`,
  );
  const command = ["nginx", "-e", join(directory, "nginx.log"), "-c", file];
  const master = await startProgram(teardown, { core, port, command });
  const [worker] = childrenOf(master.pid ?? 0);
  if (worker === undefined) throw new Error("nginx has no worker");
  return worker;
}

async function temporaryDirectory(teardown: Teardown): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "interpose-bench-gateway-"));
  teardown.add("a directory", () => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** `interpose serve` with a gateway, and an execution on one of the API's methods that calls a target. */
async function startGateway(teardown: Teardown, api: number, endpoint: string): Promise<RunningWay> {
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
  // Its PostgreSQL, which would otherwise take time of either core.
  moveChildrenToCore(server.pid, CORES.others);
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
  return { url: `http://127.0.0.1:${port}`, pid: server.pid };
}
