// Several servers share one PostgreSQL: what one is told, all know.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { newDatabaseUrl } from "./harness/postgres.ts";
import { startServer, type TestServer } from "./harness/server.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const BY_URL = process.env.INTERPOSE_TEST_STORE === "url";
const ON_LIST = { request: { method: methodName("ListTargets") } };
/** Shorter than the time between two looks of the router by itself: what is seen within it was told by the store. */
const SOON_MS = 1_500;

describe("two servers on one database", { skip: BY_URL ? false : "an embedded store is one server's" }, () => {
  const suite = forSuite();
  let servers: readonly [TestServer, TestServer];
  let hook: TestTarget;
  before(async () => {
    const databaseUrl = await newDatabaseUrl(suite);
    // Together, as an orchestrator does it: one waits for the other's migrations.
    servers = await Promise.all([startServer(suite, { databaseUrl }), startServer(suite, { databaseUrl })]);
    hook = await startTarget(suite);
  });

  /** How often the target is called for one call of a server's. */
  async function callsBy(server: TestServer): Promise<number> {
    hook.calls.length = 0;
    assert.equal((await server.request("POST", "/v3alpha/targets/search", {})).status, 200);
    return hook.calls.length;
  }

  it("are one instance", async () => {
    const [a, b] = servers;
    const id = await createTarget(a, { name: "made by one", endpoint: hook.url });
    const { status, body } = await b.request("GET", `/v3alpha/targets/${id}`);
    assert.deepEqual([status, body.target.name], [200, "made by one"]);
  });

  it("have a set execution in force at once where it was set, and soon on the other, back and forth", async () => {
    const id = await createTarget(servers[0], { endpoint: hook.url });
    for (const [here, there] of [servers, servers.toReversed()] as [TestServer, TestServer][]) {
      await setExecution(here, ON_LIST, [id]);
      assert.equal(await callsBy(here), 1, "at once");
      await eventually("it is in force on the other", async () => (await callsBy(there)) === 1, SOON_MS);
      const { status } = await there.request("DELETE", "/v3alpha/executions", { condition: ON_LIST });
      assert.equal(status, 200);
      assert.equal(await callsBy(there), 0, "gone at once");
      await eventually("it is gone on the other", async () => (await callsBy(here)) === 0, SOON_MS);
    }
  });

  it("have an execution's options in force at once where they were set, and soon on the other", async () => {
    const [a, b] = servers;
    const id = await createTarget(a, { endpoint: hook.url });
    const condition = { response: { method: methodName("GetTargetByID") } };
    await setExecution(a, condition, [id]);
    const path = `/v1/executionOptions/response${methodName("GetTargetByID")}`;
    const endpointSeenBy = async (server: TestServer): Promise<unknown> => {
      await server.request("GET", `/v3alpha/targets/${id}`);
      return hook.calls.at(-1)?.body.response.target.endpoint;
    };
    await eventually(
      "the execution is in force on the other",
      async () => (await endpointSeenBy(b)) === hook.url,
      SOON_MS,
    );
    assert.equal((await b.request("PATCH", path, { hiddenFields: ["target.endpoint"] })).status, 200);
    assert.equal(await endpointSeenBy(b), undefined, "at once");
    await eventually("they are in force on the other", async () => (await endpointSeenBy(a)) === undefined, SOON_MS);
    await a.request("DELETE", "/v3alpha/executions", { condition });
  });

  it("have a changed target in force soon on the other", async () => {
    const [a, b] = servers;
    const id = await createTarget(a, { endpoint: "http://127.0.0.1:1/", interruptOnError: false });
    await setExecution(a, ON_LIST, [id]);
    await a.request("PUT", `/v3alpha/targets/${id}`, { endpoint: `${hook.url}moved` });
    await eventually("the other calls it there", async () => (await callsBy(b)) === 1, SOON_MS);
    assert.equal(hook.calls[0]?.path, "/moved");
    await a.request("DELETE", `/v3alpha/targets/${id}`);
    await eventually("the other calls it no more", async () => (await callsBy(b)) === 0, SOON_MS);
  });

  it("have what a target is sent of its own, and of the instance's, in force at once here and soon there", async () => {
    const [a, b] = servers;
    const id = await createTarget(a, { endpoint: hook.url });
    await setExecution(a, ON_LIST, [id]);
    await eventually("the other calls it", async () => (await callsBy(b)) === 1, SOON_MS);
    const sentBy = async (server: TestServer): Promise<unknown> => {
      await callsBy(server);
      const { "x-own": own, "x-shared": shared } = hook.calls[0]?.headers ?? {};
      return [own, shared].join();
    };
    const changes: readonly (readonly [path: string, body: object, sends: string])[] = [
      [`/v1/targets/${id}/outbound`, { headers: { "X-Own": "one" } }, "one,"],
      ["/v1/instance/outbound", { origins: [new URL(hook.url).origin], headers: { "X-Shared": "two" } }, "one,two"],
      [`/v1/targets/${id}/outbound?updateMask=*`, {}, ",two"],
      ["/v1/instance/outbound?updateMask=*", {}, ","],
    ];
    for (const [path, body, sends] of changes) {
      assert.equal((await a.request("PATCH", path, body)).status, 200, path);
      assert.equal(await sentBy(a), sends, "at once");
      await eventually(`${path} on the other`, async () => (await sentBy(b)) === sends, SOON_MS);
    }
    await a.request("DELETE", `/v3alpha/targets/${id}`);
  });

  it("know a token, and its revocation, at once", async () => {
    const [a, b] = servers;
    const { body } = await a.request("POST", "/v1/tokens", { name: "a", role: "ROLE_VIEWER" });
    const statusBy = async (server: TestServer): Promise<number> =>
      (await server.request("POST", "/v3alpha/targets/search", {}, { token: body.token as string })).status;
    assert.equal(await statusBy(b), 200);
    await b.request("POST", `/v1/tokens/${body.id}:revoke`, {});
    assert.deepEqual([await statusBy(a), await statusBy(b)], [401, 401]);
  });

  it("know a function, its change and its end at once", async () => {
    const [a, b] = servers;
    await a.request("POST", "/v1/functions", { name: "shared" });
    const invoke = (input: object) => b.request("POST", "/v1/functions/shared:invoke", { input });
    assert.equal((await invoke({})).status, 200);
    const target = await createTarget(b, { endpoint: hook.url, type: "restAsync" });
    await setExecution(b, { function: { name: "shared" } }, [target]);
    await a.request("PATCH", "/v1/functions/shared", { inputSchema: { required: ["n"] } });
    assert.equal((await invoke({})).status, 400);
    await a.request("DELETE", "/v3alpha/executions", { condition: { function: { name: "shared" } } });
    assert.equal((await a.request("DELETE", "/v1/functions/shared")).status, 200);
    assert.equal((await invoke({})).status, 404);
  });

  it("take commands that meet one after the other: none is lost", async () => {
    const id = await createTarget(servers[0], { endpoint: hook.url });
    const conditions = Array.from({ length: 10 }, (_, i) => ({ event: { event: `both.${i}` } }));
    await Promise.all(
      servers.map(async (server) => Promise.all(conditions.map((condition) => setExecution(server, condition, [id])))),
    );
    for (const server of servers) {
      const { body } = await server.request("POST", "/v3alpha/executions/search", {});
      assert.equal(body.result.length, 10);
      const sequences = body.result.map(({ details }: { details: { sequence: string } }) => details.sequence);
      assert.deepEqual(new Set(sequences), new Set(["1"]), "the second set of the same list changed nothing");
    }
  });
});
