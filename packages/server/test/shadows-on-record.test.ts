import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import { createTargetInTurn as createTarget, methodName, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { commandLine } from "./harness/command-line.ts";
import { eventually } from "./harness/eventually.ts";
import { gatewayAddress } from "./harness/gateway-address.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";
import { order, SHOP_PROTOS, shopClient, startShop } from "./harness/shop.ts";
import { startTarget, type TargetReply, type TestTarget } from "./harness/target.ts";

const CREATE = methodName("CreateTarget");
const FUNCTION = { function: { name: "preuserinfo" } };

type Dialect = "v3alpha" | "v2";

/** Answers that change a message: to v3alpha says what changes alone, to v2 the whole message. */
function changing(dialect: Dialect, side: "request" | "response", change: object): Parameters<TestTarget["reply"]>[0] {
  return ({ body }): TargetReply => ({ body: dialect === "v2" ? { ...body[side], ...change } : change });
}

describe("shadows on record", () => {
  const suite = forSuite();
  let server: TestServer;
  let shop: ReturnType<typeof shopClient>;
  let hook: TestTarget;
  let other: TestTarget;
  const targets: string[] = [];
  let counted = 0;
  before(async () => {
    const { address } = await startShop(suite);
    server = await startServer(suite, {
      env: {
        INTERPOSE_GATEWAY_LISTEN: "127.0.0.1:0",
        INTERPOSE_GATEWAY_UPSTREAM: `http://${address}`,
        INTERPOSE_GATEWAY_DESCRIPTORS: SHOP_PROTOS,
      },
    });
    shop = shopClient(suite, gatewayAddress(server));
    [hook, other] = [await startTarget(suite), await startTarget(suite)];
    for (const { url } of [hook, other])
      targets.push(await createTarget(server, { name: `target ${++counted}`, endpoint: url, type: "restCall" }));
  });
  beforeEach(() => {
    for (const each of [hook, other]) each.reply({});
  });

  /** Has the first target called in earnest, and the second one as its shadow. */
  async function hang(condition: object, execution: string, dialects: readonly [Dialect, Dialect]): Promise<void> {
    for (const [i, dialect] of dialects.entries()) {
      const settings = { dialect: `DIALECT_${dialect.toUpperCase()}` };
      assert.equal((await server.request("PATCH", `/v1/targets/${targets[i]}/settings`, settings)).status, 200);
    }
    await setExecution(server, condition, targets);
    const options = { shadowTargets: [targets[1]] };
    assert.equal((await server.request("PATCH", `/v1/executionOptions/${execution}`, options)).status, 200);
  }

  /** What is on record of the newest run that began since, once its shadow has ended. */
  async function recorded(since: string): Promise<any> {
    return eventually("a run whose shadow has ended", async () => {
      const { body } = await server.request("GET", `/v1/runs?begunAfter=${since}&targetId=${targets[1]}&pageSize=1`);
      const [run] = body.runs ?? [];
      const whole = run && (await server.request("GET", `/v1/runs/${run.id}`)).body;
      return whole?.calls[1].durationMs === undefined ? undefined : whole;
    });
  }
  const create = async (): Promise<any> => {
    const since = new Date().toISOString();
    const body = { name: `target ${++counted}`, endpoint: hook.url, timeout: "5s", restAsync: {} };
    await server.request("POST", "/v3alpha/targets", body);
    return recorded(since);
  };
  const seen = ({ effect, shadowEffect, isSame, failure, differences = [] }: any): unknown => ({
    effect,
    shadowEffect,
    isSame,
    failure: failure ?? "",
    differences,
  });
  const shadow = (shadowEffect: string, isSame: boolean, differences: readonly object[], failure = ""): unknown => ({
    effect: "CALL_EFFECT_SHADOW",
    shadowEffect: `CALL_EFFECT_${shadowEffect}`,
    isSame,
    failure,
    differences,
  });

  for (const dialects of [
    ["v3alpha", "v2"],
    ["v2", "v3alpha"],
    ["v2", "v2"],
  ] as const) {
    const [earnest, beside] = dialects;

    describe(`of ${beside} beside ${earnest}`, () => {
      it("say of a request whether they would have made the same of it", async () => {
        await hang({ request: { method: CREATE } }, `request${CREATE}`, dialects);
        hook.reply(changing(earnest, "request", { name: `made ${++counted}` }));
        const unlike = await create();
        const [counts, watches] = unlike.calls;
        const { before: was, after: is } = unlike;
        assert.deepEqual(counts.differences, [{ path: "/name", before: was.name, after: is.name }]);
        assert.deepEqual([counts.shadowEffect, counts.isSame], [undefined, undefined]);
        const name = { path: "/name", before: is.name, after: was.name };
        assert.deepEqual(seen(watches), shadow("NONE", false, [name]));
        other.reply(changing(beside, "request", { name: "of the shadow" }));
        const [, changes] = (await create()).calls;
        assert.deepEqual(
          seen(changes),
          shadow("CHANGED", false, [{ path: "/name", before: is.name, after: "of the shadow" }]),
        );
        other.reply(changing(beside, "request", { name: is.name }));
        const same = await create();
        assert.deepEqual(seen(same.calls[1]), shadow("CHANGED", true, []));
        const spelled = beside === "v2" ? "restAsync" : "rest_async";
        assert.ok(spelled in same.calls[1].payload.request, "it is told of it in its own dialect");
        await server.request("DELETE", "/v3alpha/executions", { condition: { request: { method: CREATE } } });
      });

      it("say of a response behind a gateway whether they would have made the same of it", async () => {
        await hang({ response: { service: "shop.v1.Shop" } }, "response/shop.v1.Shop", dialects);
        hook.reply(changing(earnest, "response", { text: "changed" }));
        other.reply(changing(beside, "response", { text: "changed", total: 7 }));
        const since = new Date().toISOString();
        const answer = await order(shop, { item: "tea", count: 3 });
        assert.deepEqual([answer.text, answer.total], ["changed", 3]);
        const { calls, after } = await recorded(since);
        assert.deepEqual(after, { text: "changed", total: 3 });
        assert.deepEqual(seen(calls[1]), shadow("CHANGED", false, [{ path: "/total", before: 3, after: 7 }]));
      });
    });
  }

  it("say of a function whether they would have made the same of it", async () => {
    await hang(FUNCTION, "function/preuserinfo", ["v3alpha", "v2"]);
    const invoke = async (): Promise<any> => {
      const since = new Date().toISOString();
      await server.request("POST", "/v1/functions/preuserinfo:invoke", { input: { user: { id: "1" } } });
      return recorded(since);
    };
    const claims = (value: number): TargetReply => ({ body: { append_claims: [{ key: "a", value }] } });
    hook.reply(claims(1));
    other.reply(claims(2));
    const unlike = await invoke();
    assert.deepEqual(
      seen(unlike.calls[1]),
      shadow("CHANGED", false, [{ path: "/append_claims/0/value", before: 1, after: 2 }]),
    );
    assert.deepEqual(unlike.after, { append_claims: [{ key: "a", value: 1 }] });
    other.reply(claims(1));
    assert.deepEqual(seen((await invoke()).calls[1]), shadow("CHANGED", true, []));
  });

  it("say why they failed, and whether the message would have been refused as it was", async () => {
    await hang({ request: { method: CREATE } }, `request${CREATE}`, ["v3alpha", "v2"]);
    other.reply({ status: 500 });
    const { run, calls } = await create();
    assert.deepEqual(seen(calls[1]), shadow("REFUSED", false, [], "status"));
    assert.deepEqual([run.outcome, run.failedCallCount ?? 0, calls[1].status], ["RUN_OUTCOME_PASSED", 0, 500]);
    hook.reply({ status: 503 });
    const both = await create();
    assert.deepEqual(seen(both.calls[1]), shadow("REFUSED", true, [], "status"));
    assert.equal(both.run.outcome, "RUN_OUTCOME_REFUSED");
    const lines = await commandLine({ INTERPOSE_URL: server.url, INTERPOSE_TOKEN: ADMIN_TOKEN }).lines(
      "runs",
      "get",
      run.id,
    );
    assert.match(lines.join("\n"), / 2 {2}.* 500 {2}failed \(status\), shadow, would have refused, differs/);
    hook.reply({ body: { forwardedStatusCode: 403 } });
    other.reply({ body: { forwardedStatusCode: 404 } });
    const unlike = await create();
    assert.deepEqual(seen(unlike.calls[1]), shadow("REFUSED", false, [], "refused"));
    assert.match(unlike.calls[1].detail, /not_found/);
  });
});
