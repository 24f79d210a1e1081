// What ExplainService says of calls that then are made: of the own API's methods, of those behind a gateway, of functions and events.
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { before, beforeEach, describe, it } from "node:test";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { ExplainKind, ExplainService } from "@interpose/protocol/gen/interpose/v1/explain_service_pb";
import { createTarget, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { gatewayAddress } from "./harness/gateway-address.ts";
import { assertRefused } from "./harness/refusals.ts";
import { ADMIN_TOKEN, startServer, temporaryDirectory, type TestServer } from "./harness/server.ts";
import { order, SHOP_PROTOS, shopClient, startShop, type Shop } from "./harness/shop.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const ORDER = "/shop.v1.Shop/Order";
const LIST = "/zitadel.action.v3alpha.ActionService/ListTargets";

describe("ExplainService", () => {
  const suite = forSuite();
  let shop: Shop;
  let server: TestServer;
  let hook: TestTarget;
  let client: ReturnType<typeof shopClient>;
  before(async () => {
    const protos = await temporaryDirectory(suite);
    await cp(SHOP_PROTOS, protos, { recursive: true });
    shop = await startShop(suite);
    hook = await startTarget(suite);
    server = await startServer(suite, {
      env: {
        INTERPOSE_GATEWAY_LISTEN: "127.0.0.1:0",
        INTERPOSE_GATEWAY_UPSTREAM: `http://${shop.address}`,
        INTERPOSE_GATEWAY_DESCRIPTORS: protos,
      },
    });
    client = shopClient(suite, gatewayAddress(server));
  });
  beforeEach(async () => {
    hook.calls.length = 0;
    hook.reply({});
    const { body } = await server.request("POST", "/v3alpha/executions/search", {});
    for (const { Condition: condition } of body.result ?? [])
      await server.request("DELETE", "/v3alpha/executions", { condition });
  });

  const target = (type: "restCall" | "restWebhook" | "restAsync" = "restCall"): Promise<string> =>
    createTarget(server, { endpoint: `${hook.url}/hook?key=secret`, type });
  const get = (query: Record<string, string>, token?: string) =>
    server.request("GET", `/v1/explain?${new URLSearchParams(query).toString()}`, undefined, token ? { token } : {});
  const explain = async (query: Record<string, string>): Promise<any> => {
    const answer = await get(query);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  };
  const request = (method: string): Promise<any> => explain({ kind: "EXPLAIN_KIND_REQUEST", method });

  it("says that nothing hooks a method of an API behind a gateway, and what is nearest", async () => {
    await setExecution(server, { response: { method: ORDER } }, [await target()]);
    const found = await request(ORDER);
    assert.equal(found.executionId, undefined);
    assert.equal(found.isKnown, true);
    assert.equal(
      found.summary,
      "Nothing hooks requests of shop.v1.Shop/Order: no execution is set on the method, its service, or all requests. Nearest: response/shop.v1.Shop/Order, on its responses.",
    );
    assert.deepEqual(
      found.candidates.map(({ executionId, isSet }: any) => [executionId, isSet]),
      [
        [`request${ORDER}`, undefined],
        ["request/shop.v1.Shop", undefined],
        ["request", undefined],
      ],
    );
    assert.deepEqual(found.nearest, [{ executionId: `response${ORDER}`, reason: "on its responses" }]);
  });

  it("says who wins and is called, as the call then has it", async () => {
    const [first, second] = [await target("restWebhook"), await target()];
    await setExecution(server, { event: { group: "audit" } }, [second]);
    await setExecution(server, { request: { all: true } }, [second]);
    await setExecution(server, { request: { service: "shop.v1.Shop" } }, [
      first,
      { include: { event: { group: "audit" } } },
    ]);
    const found = await request(ORDER);
    assert.equal(found.executionId, "request/shop.v1.Shop");
    assert.deepEqual(
      found.plan.map(({ place, targetId, includedBy }: any) => [place, targetId, includedBy]),
      [
        [1, first, undefined],
        [2, second, ["event/audit.*"]],
      ],
    );
    assert.match(found.plan[0].endpoint, /\/hook\?key=\*\*\*$/);
    assert.equal(found.plan[0].obstacles, undefined);
    const timeout = found.plan[1].onFailure.find(({ failures }: any) => failures.includes("timeout"));
    assert.equal(timeout.effect, "refused");
    assert.match(timeout.answer, /^deadline_exceeded: .* did not answer in time\. Run RUN_ID has the record\.$/);
    hook.calls.length = 0;
    assert.equal((await order(client, { item: "tea", count: 1 })).text, "1 tea");
    assert.equal(hook.calls.length, 2);
  });

  it("warns of what is on another version, and never of methods of health", async () => {
    await setExecution(server, { request: { all: true } }, [await target()]);
    await setExecution(server, { request: { method: "/zitadel.action.v2.ActionService/ListTargets" } }, [
      await target(),
    ]);
    const found = await request(LIST);
    assert.equal(found.executionId, "request");
    assert.deepEqual(found.missedByVersion, ["request/zitadel.action.v2.ActionService/ListTargets"]);
    assert.match(found.summary, /What is on another version passes it by/);
    assert.ok(found.notes.some((note: string) => note.includes("interpose-bypass: true")));
    const health = await request("/grpc.health.v1.Health/Check");
    assert.equal(health.executionId, undefined);
    assert.match(health.summary, /no execution runs on this service/);
  });

  it("names what is meant where a name is not known, and what becomes of such calls", async () => {
    const { summary, isKnown, similar, notes } = await request("shop.v1.Shop/Oder");
    assert.deepEqual([isKnown, similar], [undefined, [ORDER]]);
    assert.match(summary, /This server knows no such method\. Did you mean \/shop\.v1\.Shop\/Order\?$/);
    assert.match(notes[0], /let calls pass that their APIs do not describe/);
    const event = await explain({ kind: "EXPLAIN_KIND_EVENT", event: "target.aded" });
    assert.equal(event.similar[0], "target.added");
    const fn = await explain({ kind: "EXPLAIN_KIND_FUNCTION", function: "preUserInfo" });
    assert.equal(fn.similar[0], "preuserinfo");
    await setExecution(server, { function: { name: "preuserinfo" } }, [await target()]);
    const known = await explain({ kind: "EXPLAIN_KIND_FUNCTION", function: "preuserinfo" });
    assert.deepEqual([known.executionId, known.isKnown], ["function/preuserinfo", true]);
  });

  it("says of an event what holds its deliveries up, and what comes of each failure", async () => {
    const id = await target();
    await setExecution(server, { event: { group: "order" } }, [id, await target()]);
    assert.equal((await server.request("POST", `/v1/targets/${id}:pause`, {})).status, 200);
    const event = { type: "order.placed", aggregateType: "order", aggregateId: "1", payload: {} };
    assert.equal((await server.request("POST", "/v1/events:publish", event)).status, 200);
    const found = await explain({ kind: "EXPLAIN_KIND_EVENT", event: "order.placed" });
    assert.equal(found.executionId, "event/order.*");
    const [step] = found.plan;
    assert.deepEqual([step.health.heldBy, step.health.waitingCount], ["by_hand", "1"]);
    assert.match(step.obstacles[0], /^held: its queue is paused/);
    const effects = new Map(
      step.onFailure.flatMap(({ failures, effect }: any) => failures.map((each: string) => [each, effect])),
    );
    assert.deepEqual(
      ["timeout", "egress_denied", "status 410"].map((each) => effects.get(each)),
      ["retried", "dead", "held"],
    );
  });

  it("says which calls would fail at once", async () => {
    const denied = await createTarget(server, { endpoint: "http://169.254.169.254/", type: "restCall" });
    const { body } = await server.request("POST", "/v2/actions/targets", {
      name: `sealed ${denied}`,
      endpoint: hook.url,
      timeout: "1s",
      restCall: {},
      payloadType: "PAYLOAD_TYPE_JWE",
    });
    await setExecution(server, { response: { method: ORDER } }, [denied, body.id]);
    const { plan, notes } = await explain({ kind: "EXPLAIN_KIND_RESPONSE", method: ORDER });
    assert.match(plan[0].obstacles[0], /^egress_denied: its endpoint may not be called from here: 169\.254\.169\.254/);
    assert.match(plan[1].obstacles[0], /no active public key/);
    assert.ok(notes.some((note: string) => note.includes("runOnErrors is off")));
  });

  it("answers alike by REST, Connect and gRPC", async () => {
    await setExecution(server, { request: { method: ORDER } }, [await target()]);
    const { summary } = await request(ORDER);
    for (const transport of [
      createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" }),
      createGrpcTransport({ baseUrl: server.url }),
    ]) {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
      const answer = await createClient(ExplainService, transport).explain(
        { kind: ExplainKind.REQUEST, method: ORDER },
        { headers },
      );
      assert.equal(answer.summary, summary);
      assert.equal(answer.plan.length, 1);
    }
  });

  it("refuses what is no method, and what asks for several things", async () => {
    assertRefused(await get({ kind: "EXPLAIN_KIND_REQUEST", method: "nothing" }), {
      status: 400,
      code: 3,
      reason: "BAD_REQUEST",
      says: /Write it as/,
    });
    assertRefused(await get({ kind: "EXPLAIN_KIND_REQUEST", method: ORDER, event: "a" }), {
      status: 400,
      code: 3,
      reason: "VALIDATION_FAILED",
      says: /./,
    });
    assertRefused(await get({ kind: "EXPLAIN_KIND_EVENT" }), {
      status: 400,
      code: 3,
      reason: "VALIDATION_FAILED",
      says: /./,
    });
    assertRefused(await get({ method: ORDER }), { status: 400, code: 3, reason: "VALIDATION_FAILED", says: /./ });
  });

  it("tells endpoints and deliveries to those alone who may read them", async () => {
    const id = await target();
    await setExecution(server, { event: { event: "order.paid" } }, [id]);
    assert.equal((await server.request("POST", `/v1/targets/${id}:pause`, {})).status, 200);
    const { body } = await server.request("POST", "/v1/tokens", {
      name: "reads executions",
      permissions: ["execution.read"],
    });
    const { status, body: found } = await get({ kind: "EXPLAIN_KIND_EVENT", event: "order.paid" }, body.token);
    assert.equal(status, 200);
    assert.equal(found.plan[0].endpoint, undefined);
    assert.equal(found.plan[0].health.heldBy, undefined);
    assert.equal(found.plan[0].obstacles, undefined);
  });
});
