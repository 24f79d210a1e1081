import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import { createTargetInTurn as createTarget, expectCalls, methodName, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { assertRefused } from "./harness/refusals.ts";
import { ADMIN_TOKEN, runInterpose, startServer, type TestServer } from "./harness/server.ts";
import { SHOP_PROTOS, startShop, type Shop } from "./harness/shop.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const CREATE = methodName("CreateTarget");
const ORDER = "/shop.v1.Shop/Order";
const SECRET = "planted-secret-of-the-target";

describe("TryService", () => {
  const suite = forSuite();
  let shop: Shop;
  let server: TestServer;
  let hook: TestTarget;
  let other: TestTarget;
  let first: string;
  let second: string;
  before(async () => {
    shop = await startShop(suite);
    server = await startServer(suite, {
      env: {
        INTERPOSE_GATEWAY_LISTEN: "127.0.0.1:0",
        INTERPOSE_GATEWAY_UPSTREAM: `http://${shop.address}`,
        INTERPOSE_GATEWAY_DESCRIPTORS: SHOP_PROTOS,
      },
    });
    hook = await startTarget(suite);
    other = await startTarget(suite);
    first = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    second = await createTarget(server, { endpoint: other.url, type: "restCall" });
  });
  beforeEach(() => {
    for (const each of [hook, other]) {
      each.calls.length = 0;
      each.reply({});
    }
  });

  const attempt = (body: unknown, token?: string): Promise<any> =>
    server.request("POST", "/v1/executions:try", body, token === undefined ? {} : { token });
  async function tried(body: unknown): Promise<any> {
    const answer = await attempt(body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }
  async function sample(body: unknown): Promise<any> {
    const answer = await server.request("POST", "/v1/samples:make", body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }
  const request = (method: string): unknown => ({ kind: "EXPLAIN_KIND_REQUEST", method });
  const token = async (permissions: readonly string[]): Promise<string> =>
    (await server.request("POST", "/v1/tokens", { name: permissions.join(), permissions })).body.token;

  it("makes samples that fit: of methods here and behind a gateway, of functions and of events", async () => {
    const { request: create } = await sample({ subject: request(CREATE) });
    assert.equal(typeof create.name, "string");
    const { request: order } = await sample({ subject: request(ORDER) });
    assert.equal(typeof order.item, "string");
    const both = await sample({ subject: { kind: "EXPLAIN_KIND_RESPONSE", method: ORDER } });
    assert.ok(both.request && both.response);
    const { request: input } = await sample({ subject: { kind: "EXPLAIN_KIND_FUNCTION", function: "preuserinfo" } });
    assert.ok("user" in input);
    assert.ok((await sample({ subject: { kind: "EXPLAIN_KIND_EVENT", event: "a.b" } })).request);
    const unknown = await server.request("POST", "/v1/samples:make", { subject: request("/a.B/C") });
    assertRefused(unknown, { status: 404, code: 5, reason: "CONDITION_UNKNOWN", says: /no method "\/a\.B\/C"/ });
  });

  it("calls one target that no execution names, and changes nothing but the sample", async () => {
    hook.reply({ body: { item: "coffee" } });
    const answer = await tried({ subject: request(ORDER), targetId: first, request: { item: "tea" } });
    assert.equal(answer.outcome, "RUN_OUTCOME_CHANGED");
    assert.deepEqual(answer.after, { item: "coffee" });
    assert.deepEqual(answer.differences, [{ path: "/item", before: "tea", after: "coffee" }]);
    const [call] = answer.calls;
    assert.deepEqual(
      [call.effect, call.status, call.reply, call.payload.request],
      ["CALL_EFFECT_CHANGED", 200, '{"item":"coffee"}', { item: "tea" }],
    );
    assert.deepEqual(hook.calls[0]?.body, call.payload);
    assert.equal(hook.calls[0]?.headers["interpose-purpose"], "try");
    assert.equal(answer.sent[0].headers["webhook-id"], hook.calls[0].headers["webhook-id"]);
    assert.equal(shop.seen.length, 0);
  });

  it("carries out what is set, tells what a caller would be answered, and puts nothing on record", async () => {
    await setExecution(server, { request: { method: CREATE } }, [first, second]);
    hook.reply({ body: { name: "" } });
    const invalid = await tried({ subject: request(CREATE), request: { name: "a", endpoint: "https://a.b/" } });
    assert.equal(invalid.executionId, `request${CREATE}`);
    assert.equal(invalid.calls.length, 2);
    assert.match(invalid.violations.join(), /name/);
    hook.reply({ status: 503, body: "down for now" });
    const refused = await tried({ subject: request(CREATE), request: { name: "a" } });
    assert.deepEqual(
      [refused.outcome, refused.error.reason, refused.calls.length, refused.calls[0].reply],
      ["RUN_OUTCOME_REFUSED", "TARGET_FAILED", 1, "down for now"],
    );
    await server.request("DELETE", "/v3alpha/executions", { condition: { request: { method: CREATE } } });
    const { body } = await server.request("GET", `/v1/runs?method=${encodeURIComponent(CREATE)}`);
    assert.deepEqual(body.runs ?? [], []);
    const { body: targets } = await server.request("POST", "/v3alpha/targets/search", {});
    assert.equal(targets.result.length, 2);
  });

  it("waits for those that no run waits for", async () => {
    const watching = await createTarget(server, { endpoint: other.url, type: "restAsync" });
    other.reply({ body: { any: "thing" } });
    const { calls } = await tried({ subject: request(ORDER), targetId: watching, request: { item: "tea" } });
    assert.deepEqual(
      [calls[0].effect, calls[0].status, calls[0].reply],
      ["CALL_EFFECT_STARTED", 200, '{"any":"thing"}'],
    );
    await server.request("DELETE", `/v3alpha/targets/${watching}`);
  });

  it("compares shadows", async () => {
    const execution = { function: { name: "preuserinfo" } };
    await setExecution(server, execution, [first, second]);
    await server.request("PATCH", "/v1/executionOptions/function/preuserinfo", { shadowTargets: [second] });
    hook.reply({ body: { append_claims: [{ key: "a", value: 1 }] } });
    other.reply({ body: { append_claims: [{ key: "a", value: 2 }] } });
    const subject = { kind: "EXPLAIN_KIND_FUNCTION", function: "preuserinfo" };
    const { calls, after } = await tried({ subject, request: { user: { id: "1" } } });
    assert.deepEqual(after, { append_claims: [{ key: "a", value: 1 }] });
    assert.deepEqual(
      [calls[1].effect, calls[1].shadowEffect, calls[1].isSame],
      ["CALL_EFFECT_SHADOW", "CALL_EFFECT_CHANGED", false],
    );
    assert.deepEqual(calls[1].differences, [{ path: "/append_claims/0/value", before: 1, after: 2 }]);
    await server.request("DELETE", "/v3alpha/executions", { condition: execution });
  });

  it("tells of an event as a delivery would, once, and delivers nothing", async () => {
    hook.reply({ status: 500 });
    const subject = { kind: "EXPLAIN_KIND_EVENT", event: "order.placed" };
    const { calls } = await tried({ subject, targetId: first, request: { item: "tea" } });
    assert.deepEqual([calls[0].failure, calls[0].status], ["status", 500]);
    assert.match(calls[0].detail, /would be tried again/);
    assert.deepEqual([hook.calls.length, hook.calls[0]?.body.event_payload], [1, { item: "tea" }]);
    const { body } = await server.request("GET", "/v1/deliveries");
    assert.deepEqual(body.deliveries ?? [], []);
  });

  it("answers what would be sent where nothing hooks it, and refuses what fits no message", async () => {
    const { outcome, calls } = await tried({ subject: request(ORDER), request: { item: "tea" } });
    assert.deepEqual([outcome, calls], ["RUN_OUTCOME_PASSED", undefined]);
    const misfit = await attempt({ subject: request(ORDER), request: { item: {} } });
    assertRefused(misfit, { status: 400, code: 3, reason: "BAD_REQUEST", says: /item/ });
  });

  it("hides what targets prove their caller with", async () => {
    const headers = { "x-api-key": SECRET };
    const set = await server.request("PATCH", `/v1/targets/${second}/outbound`, { headers });
    assert.equal(set.status, 200, JSON.stringify(set.body));
    const answer = await tried({ subject: request(ORDER), targetId: second, request: { item: "tea" } });
    assert.equal(other.calls[0]?.headers["x-api-key"], SECRET);
    assert.equal(answer.sent[0].headers["x-api-key"], "(hidden)");
    assert.ok(!JSON.stringify(answer).includes(SECRET));
    assert.ok(!server.stderr().includes(SECRET));
  });

  it("needs a permission of its own, and a second one for what is on record", async () => {
    const viewer = await token(["execution.read"]);
    const body = { subject: request(ORDER), targetId: first, request: {} };
    assertRefused(await attempt(body, viewer), {
      id: "AUTHZ-AWfge",
      status: 403,
      code: 7,
      reason: "PERMISSION_DENIED",
      says: /execution\.try/,
    });
    const recorded = await server.request("POST", "/v1/samples:make", { runId: "1" }, { token: viewer });
    assertRefused(recorded, {
      id: "AUTHZ-AWfge",
      status: 403,
      code: 7,
      reason: "PERMISSION_DENIED",
      says: /run\.read/,
    });
    const trier = await token(["execution.try"]);
    const rehearsing = await server.request(
      "POST",
      "/v1/runs:rehearse",
      { targetId: first, candidateId: second },
      { token: trier },
    );
    assert.match(JSON.stringify(rehearsing.body), /run\.read/);
  });

  describe("RehearseRuns", () => {
    const execution = { function: { name: "preaccesstoken" } };
    async function rehearse(body: unknown): Promise<any[]> {
      const response = await fetch(`${server.url}/v1/runs:rehearse`, {
        method: "POST",
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      assert.equal(response.status, 200, text);
      const messages: any = text.trim().startsWith("[")
        ? JSON.parse(text)
        : text
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line) as unknown);
      return messages.map((each: any) => each.result ?? each);
    }
    before(async () => {
      await setExecution(server, execution, [first]);
      hook.reply(({ body }) => ({ body: { append_claims: [{ key: "a", value: body.user.id }] } }));
      for (const id of ["1", "2", "3"])
        await server.request("POST", "/v1/functions/preaccesstoken:invoke", { input: { user: { id } } });
      await eventually("runs are on record", async () => {
        const { body } = await server.request("GET", `/v1/runs?targetId=${first}`);
        return body.runs?.length === 3;
      });
    });

    it("repeats calls with another target, and tells which of them differ", async () => {
      other.reply(({ body }) => ({
        body: { append_claims: [{ key: "a", value: body.user.id === "2" ? "x" : body.user.id }] },
      }));
      const [begin, ...done] = await rehearse({ targetId: first, candidateId: second });
      assert.equal(begin.totalCount, 3);
      assert.deepEqual(
        done.map(({ isSame, doneCount }) => [isSame ?? false, doneCount]),
        [
          [true, 1],
          [false, 2],
          [true, 3],
        ],
      );
      assert.deepEqual(done[1].differences, [{ path: "/append_claims/0/value", before: "2", after: "x" }]);
      assert.equal(other.calls.length, 3);
      assert.equal(other.calls[0]?.headers["interpose-purpose"], "rehearsal");
      const { body } = await server.request("GET", `/v1/runs?targetId=${second}`);
      assert.deepEqual(body.runs ?? [], []);
    });

    it("repeats calls at another address of the same target, with its keys", async () => {
      await expectCalls(server, first);
      other.reply({ status: 500 });
      const answers = await rehearse({ targetId: first, candidateEndpoint: other.url, maxCount: 1 });
      assert.equal(answers.length, 2);
      assert.deepEqual([answers[1].isSame ?? false, answers[1].rehearsed.failure], [false, "status"]);
    });

    it("repeats no calls of a target that is sent secrets of its own at another address", async () => {
      const body = { targetId: second, candidateEndpoint: hook.url };
      const answer = await server.request("POST", "/v1/runs:rehearse", body);
      assert.match(JSON.stringify(answer.body), /secrets of its own/);
      assert.equal(hook.calls.length, 0);
    });

    it("takes a sample from the record", async () => {
      const { body } = await server.request("GET", `/v1/runs?targetId=${first}`);
      const { subject, request: input } = await sample({ runId: body.runs[0].id });
      assert.deepEqual([subject.function, input], ["preaccesstoken", { user: { id: "3" } }]);
    });

    it("is a command, which ends with 1 where an answer differs", async () => {
      const env = { INTERPOSE_URL: server.url, INTERPOSE_TOKEN: ADMIN_TOKEN };
      const args = ["rehearse", "--target", first, "--candidate", second, "--side", "function"];
      other.reply(({ body }) => ({ body: { append_claims: [{ key: "a", value: body.user.id }] } }));
      const same = await runInterpose(args, env);
      assert.deepEqual([same.code, same.stdout], [0, "3 same, 0 differ.\n"], same.stderr);
      other.reply({ status: 500 });
      const differs = await runInterpose([...args, "--max", "1"], env);
      assert.equal(differs.code, 1, differs.stderr);
      assert.match(differs.stdout, /differs: changed on record, refused \(status\) now\.[^]*0 same, 1 differs\./);
      const lines = (await runInterpose([...args, "--json"], env)).stdout.trim().split("\n");
      assert.deepEqual(
        lines.map((line) => JSON.parse(line).doneCount),
        [1, 2, 3],
      );
      const sent = ["try", "request", ORDER, "--target", first, "--request", '{"item": "tea"}'];
      hook.reply({ body: { item: "coffee" } });
      const trying = await runInterpose(sent, env);
      assert.equal(trying.code, 0, trying.stderr);
      assert.match(trying.stdout, /It changed\.[^]*\/item: "tea" → "coffee"/);
      const made = await runInterpose(["try", "event", "order.placed", "--target", first, "--json"], env);
      assert.equal(JSON.parse(made.stdout).calls[0].status, 200);
    });

    it("says who may be called instead", async () => {
      for (const body of [
        { targetId: first },
        { targetId: first, candidateId: second, candidateEndpoint: other.url },
      ]) {
        const answer = await server.request("POST", "/v1/runs:rehearse", body);
        assert.match(JSON.stringify(answer.body), /give one of them/);
      }
    });
  });
});
