import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const CREATE = methodName("CreateTarget");
const ON_CREATE = { request: { method: CREATE } };
const ON_CREATED = { response: { method: CREATE } };

describe("the record of runs", () => {
  const suite = forSuite();
  let server: TestServer;
  let hook: TestTarget;
  let counted = 0;
  /** When the test began. */
  let begunAfter = "";
  before(async () => {
    server = await startServer(suite, { env: { INTERPOSE_HIDDEN_FIELDS: "**.planted_secret" } });
    hook = await startTarget(suite);
  });
  beforeEach(async () => {
    hook.reply({});
    for (const condition of [ON_CREATE, ON_CREATED, { function: { name: "preuserinfo" } }])
      await server.request("DELETE", "/v3alpha/executions", { condition });
    begunAfter = new Date().toISOString();
  });

  const create = (name = `made ${++counted}`): Promise<JsonAnswer> =>
    server.request("POST", "/v3alpha/targets", { name, endpoint: hook.url, timeout: "5s", restAsync: {} });
  const list = async (query: Readonly<Record<string, string>> = {}): Promise<any[]> => {
    const answer = await server.request("GET", `/v1/runs?${new URLSearchParams({ begunAfter, ...query }).toString()}`);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body.runs ?? [];
  };
  const listed = (count: number, query: Readonly<Record<string, string>> = {}): Promise<any[]> =>
    eventually(`${count} runs`, async () => {
      const runs = await list(query);
      return runs.length >= count ? runs : undefined;
    });
  const get = async (id: string): Promise<any> => {
    const { status, body } = await server.request("GET", `/v1/runs/${id}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  };

  it("has a request with who made it, what each target was sent and answered, and the difference that it made", async () => {
    const [watcher, changer] = [
      await createTarget(server, { endpoint: hook.url }),
      await createTarget(server, { endpoint: hook.url, type: "restCall" }),
    ];
    await setExecution(server, ON_CREATE, [watcher, changer]);
    let calls = 0;
    hook.reply(() => (++calls === 2 ? { body: { name: "changed", unknown: 1 } } : {}));
    assert.equal((await create("as it was")).status, 201);
    const [run] = await listed(1);
    assert.equal(run.side, "RUN_SIDE_REQUEST");
    assert.equal(run.method, CREATE);
    assert.equal(run.executionId, `request${CREATE}`);
    assert.equal(run.host, "api");
    assert.equal(run.caller.userId, "admin");
    assert.equal(run.depth, 1);
    assert.equal(run.outcome, "RUN_OUTCOME_CHANGED");
    assert.equal(run.callCount, 2);
    assert.ok(run.durationMs > 0);
    assert.ok(Math.abs(Date.parse(run.beginTime) - Date.now()) < 60_000);
    const whole = await get(run.id);
    assert.deepEqual(whole.run, run);
    const [first, second] = whole.calls;
    assert.deepEqual([first.place, first.targetId, first.effect, first.status], [1, watcher, "CALL_EFFECT_NONE", 200]);
    assert.deepEqual([second.place, second.targetId, second.effect], [2, changer, "CALL_EFFECT_CHANGED"]);
    assert.ok(Number(second.beginMs) > Number(first.beginMs));
    assert.equal(second.payload.fullMethod, CREATE);
    assert.equal(second.reply, '{"name":"changed","unknown":1}');
    const difference = { path: "/name", before: "as it was", after: "changed" };
    assert.deepEqual(second.differences, [difference]);
    assert.deepEqual(whole.differences, [difference]);
    assert.equal(whole.before.name, "as it was");
    assert.equal(whole.after.name, "changed");
  });

  it("has what was refused, with the error that its caller was told, and finds it by what it is", async () => {
    const id = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    await setExecution(server, ON_CREATE, [id]);
    hook.reply({ status: 500 });
    const { body } = await create();
    const [run] = await listed(1, { outcome: "RUN_OUTCOME_REFUSED" });
    assert.ok(body.message.startsWith(run.error.text), body.message);
    assert.equal(run.error.reason, "TARGET_FAILED");
    assert.equal(run.failedCallCount, 1);
    const { calls, after } = await get(run.id);
    assert.equal(after, undefined);
    assert.deepEqual([calls[0].failure, calls[0].status, calls[0].effect], ["status", 500, "CALL_EFFECT_REFUSED"]);
    for (const query of [
      { failedOnly: "true" },
      { targetId: id },
      { method: CREATE },
      { executionId: `request${CREATE}` },
      { side: "RUN_SIDE_REQUEST" },
    ])
      assert.deepEqual(await list(query as never), [run], JSON.stringify(query));
    for (const query of [
      { outcome: "RUN_OUTCOME_PASSED" },
      { targetId: "1" },
      { method: "/a.B/C" },
      { function: "preuserinfo" },
      { side: "RUN_SIDE_FUNCTION" },
      { begunBefore: begunAfter },
      { function: "a", executionId: "request" },
    ])
      assert.deepEqual(await list(query as never), [], JSON.stringify(query));
  });

  it("has a response that is changed, in the spelling of each target", async () => {
    const id = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    await setExecution(server, ON_CREATED, [id]);
    hook.reply({ body: { id: "another" } });
    await create();
    const [run] = await listed(1);
    assert.equal(run.side, "RUN_SIDE_RESPONSE");
    const { differences, after } = await get(run.id);
    assert.equal(after.id, "another");
    assert.deepEqual(
      differences.map(({ path }: any) => path),
      ["/id"],
    );
  });

  it("has the invocation of a function: its input, and what it came to", async () => {
    const id = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    await setExecution(server, { function: { name: "preuserinfo" } }, [id]);
    hook.reply({ body: { append_claims: [{ key: "a", value: 1 }], set_user_metadata: [] } });
    const input = { user: { id: "1", planted_secret: "not to be seen" } };
    const answer = await server.request("POST", "/v1/functions/preuserinfo:invoke", { input });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    const [run] = await listed(1, { function: "preuserinfo" });
    assert.deepEqual([run.side, run.function, run.method], ["RUN_SIDE_FUNCTION", "preuserinfo", undefined]);
    assert.equal(run.caller.userId, "admin");
    const { before, after, calls } = await get(run.id);
    assert.deepEqual(before, { user: { id: "1" } });
    assert.deepEqual(after, answer.body.output);
    assert.equal(calls[0].effect, "CALL_EFFECT_CHANGED");
  });

  it("has what became of a target that is not waited for, also when it fails", async () => {
    const id = await createTarget(server, { endpoint: hook.url, type: "restAsync" });
    await setExecution(server, ON_CREATE, [id]);
    await create();
    const [run] = await listed(1);
    assert.equal(run.outcome, "RUN_OUTCOME_PASSED");
    await eventually("its end", async () => (await get(run.id)).calls[0].status === 200);
    hook.reply({ status: 503, body: "away" });
    await create();
    const [failed] = await listed(1, { failedOnly: "true" });
    assert.equal(failed.failedCallCount, 1);
    const [call] = (await get(failed.id)).calls;
    assert.deepEqual([call.effect, call.failure, call.status], ["CALL_EFFECT_STARTED", "status", 503]);
  });

  it("is read page after page, each run once", async () => {
    const id = await createTarget(server, { endpoint: hook.url });
    await setExecution(server, ON_CREATE, [id]);
    for (let i = 0; i < 5; i++) await create();
    const all = await listed(5);
    const found: string[] = [];
    for (let pageToken = ""; ;) {
      const query = new URLSearchParams({ begunAfter, targetId: id, pageSize: "2", pageToken });
      const { body } = await server.request("GET", `/v1/runs?${query.toString()}`);
      found.push(...body.runs.map((run: { id: string }) => run.id));
      pageToken = body.nextPageToken ?? "";
      if (pageToken === "") break;
      const other = new URLSearchParams({ begunAfter, pageToken });
      const refused = await server.request("GET", `/v1/runs?${other.toString()}`);
      assert.equal(refused.status, 400);
    }
    assert.deepEqual(
      found,
      all.map((run) => run.id),
    );
    assert.deepEqual(
      found,
      found.toSorted((a, b) => Number(BigInt(b) - BigInt(a))),
    );
  });

  it("counts runs and calls, by time and target", async () => {
    const id = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    await setExecution(server, ON_CREATE, [id]);
    await create();
    hook.reply({ status: 500 });
    await create();
    await listed(2);
    const { body } = await server.request("GET", `/v1/runs:statistics?targetId=${id}&periodSeconds=600&bucketCount=10`);
    assert.equal(body.buckets.length, 10);
    const sum = (key: string): number =>
      body.buckets.reduce((all: number, each: any) => all + Number(each[key] ?? 0), 0);
    assert.deepEqual(["runCount", "refusedCount", "callCount", "failedCallCount"].map(sum), [2, 1, 2, 1]);
    const [target] = body.targets;
    assert.deepEqual(
      [target.targetId, target.callCount, target.failedCallCount, target.lastFailure],
      [id, "2", "1", "status"],
    );
    assert.ok(target.p95Ms >= target.p50Ms && target.p50Ms > 0);
    assert.equal(body.recordedShare, 1);
    assert.ok((await server.request("GET", "/v1/runs:statistics")).body.targets.length > 1);
  });

  it("does not know what was never recorded", async () => {
    for (const id of ["1", "no-id", "99999999999999999999"]) {
      const { status, body } = await server.request("GET", `/v1/runs/${id}`);
      assert.equal(status, 404, JSON.stringify(body));
    }
  });
});
