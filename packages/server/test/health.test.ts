import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { status, type Client, type ServiceError } from "@grpc/grpc-js";
import { forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { grpcJsClient, serviceError, unary } from "./harness/grpc-js.ts";
import { startServer, type TestServer } from "./harness/server.ts";

const SERVICES = ["", "grpc.health.v1.Health", "interpose.v1.TokenService", "zitadel.action.v3alpha.ActionService"];

describe("health", () => {
  let server: TestServer;
  let client: Client & Readonly<Record<string, any>>;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
    const address = `127.0.0.1:${server.port}`;
    client = grpcJsClient(suite, { file: "grpc/health/v1/health.proto", service: "grpc.health.v1.Health", address });
  });

  for (const service of SERVICES) {
    it(`of ${service || "the server"} is SERVING, and needs no token`, async () => {
      assert.equal((await unary(client, "Check", { service })).status, "SERVING");
    });
  }

  it("of a service that is not served is NOT_FOUND", async () => {
    assert.equal((await serviceError(unary(client, "Check", { service: "no.such.Service" }))).code, status.NOT_FOUND);
  });

  it("is listed for the server and each of its services", async () => {
    const { statuses } = await unary(client, "List", {});
    for (const service of SERVICES) assert.equal(statuses[service]?.status, "SERVING", service);
  });

  it("is told over Connect too", async () => {
    const answer = await server.request("POST", "/grpc.health.v1.Health/Check", {}, { token: null });
    assert.deepEqual([answer.status, answer.body], [200, { status: "SERVING" }]);
  });

  for (const path of ["/healthz", "/readyz"]) {
    it(`answers ${path} to GET and HEAD, and refuses the rest`, async () => {
      const found = await server.request("GET", path, undefined, { token: null });
      assert.deepEqual([found.status, found.headers.get("cache-control")], [200, "no-store"]);
      assert.match(found.body.status, /^(up|ready)$/);
      const head = await server.request("HEAD", path, undefined, { token: null });
      assert.deepEqual([head.status, head.body], [200, undefined]);
      assert.equal(head.headers.get("content-length"), found.headers.get("content-length"));
      const refused = await server.request("POST", `${path}?x=1`, {}, { token: null });
      assert.deepEqual([refused.status, refused.body.code, refused.headers.get("allow")], [405, 12, "GET, HEAD"]);
    });
  }

  // The last test: it stops the server.
  it("is watched: SERVING, and NOT_SERVING when the server stops, which no watcher holds up", async () => {
    const watched = watch("");
    const unknown = watch("no.such.Service");
    await eventually("both watchers are told", () => watched.seen.length > 0 && unknown.seen.length > 0);
    assert.deepEqual([watched.seen, unknown.seen], [["SERVING"], ["SERVICE_UNKNOWN"]]);
    const started = Date.now();
    assert.equal(await server.stop(), 0);
    assert.ok(Date.now() - started < 10_000, "long before the time for shutting down is over");
    await eventually("the watch has ended", () => watched.ended());
    assert.deepEqual(watched.seen, ["SERVING", "NOT_SERVING"]);
    assert.equal(watched.ended(), status.UNAVAILABLE);
  });

  function watch(service: string): { readonly seen: string[]; readonly ended: () => number | undefined } {
    const seen: string[] = [];
    let code: number | undefined;
    const stream = client.Watch({ service });
    stream.on("data", (answer: { status: string }) => seen.push(answer.status));
    stream.on("error", (error: ServiceError) => (code = error.code));
    return { seen, ended: () => code };
  }
});
