import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import { createTargetInTurn as createTarget, methodName, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { gatewayAddress } from "./harness/gateway-address.ts";
import { startServer, type TestServer } from "./harness/server.ts";
import { order, SHOP_PROTOS, shopClient, startShop, type Shop } from "./harness/shop.ts";
import { startTarget, type TargetReply, type TestTarget } from "./harness/target.ts";

const LIST = { request: { method: methodName("ListTargets") } };

/** A target in earnest, and behind it one that is its shadow. */
describe("shadows", () => {
  const suite = forSuite();
  let shop: Shop;
  let server: TestServer;
  let hook: TestTarget;
  let other: TestTarget;
  let targets: readonly [hook: string, other: string];
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
    targets = [
      await createTarget(server, { endpoint: hook.url, type: "restCall" }),
      await createTarget(server, { endpoint: other.url, type: "restCall" }),
    ];
  });
  beforeEach(() => {
    for (const each of [hook, other]) {
      each.calls.length = 0;
      each.reply({});
    }
    shop.seen.length = 0;
  });

  async function hang(condition: unknown, execution: string): Promise<void> {
    await setExecution(server, condition, targets);
    const options = { shadowTargets: [targets[1]] };
    const { status } = await server.request("PATCH", `/v1/executionOptions/${execution}`, options);
    assert.equal(status, 200);
  }

  const logged = (event: string): any[] =>
    server
      .stderr()
      .split("\n")
      .filter((line) => line.includes(`"${event}"`))
      .map((line) => JSON.parse(line) as unknown);
  const differed = (): Promise<any> =>
    eventually("a difference is logged", () =>
      logged("shadow.differed").find(({ runId }) => runId === logged("run.ended").at(-1)?.runId),
    );

  const answers: readonly (readonly [name: string, reply: TargetReply | "hang"])[] = [
    ["hangs", "hang"],
    ["fails", { status: 500 }],
    ["answers garbage", { body: "<html>" }],
    ["answers what does not fit", { body: { query: "no" } }],
    ["refuses", { body: { forwardedStatusCode: 403, forwardedErrorMessage: "no" } }],
    ["would change the message", { body: { query: { limit: 1 } } }],
  ];
  for (const [name, reply] of answers) {
    it(`of the own API's calls are told the same and touch nothing, also one that ${name}`, async () => {
      await hang(LIST, `request${methodName("ListTargets")}`);
      other.reply(reply);
      const began = performance.now();
      const { status, body } = await server.request("POST", "/v3alpha/targets/search", { query: { limit: 100 } });
      // Whatever it does: it has five seconds of its own.
      assert.ok(performance.now() - began < 4_000);
      assert.equal(status, 200);
      assert.equal(body.result.length, 2);
      await eventually("the shadow is called", () => other.calls.length === 1);
      assert.deepEqual(other.calls[0]?.body, hook.calls[0]?.body);
      assert.equal(other.calls[0]?.headers["interpose-purpose"], "shadow");
      assert.equal(hook.calls[0]?.headers["interpose-purpose"], undefined);
      if (reply === "hang") return;
      const { targetId, besideId } = await differed();
      assert.deepEqual([targetId, besideId], [targets[1], targets[0]]);
      await server.request("DELETE", "/v3alpha/executions", { condition: LIST });
    });
  }

  it("of a gateway's calls leave the API's messages alone", async () => {
    await hang({ request: { service: "shop.v1.Shop" } }, "request/shop.v1.Shop");
    hook.reply({ body: { item: "coffee" } });
    other.reply({ body: { item: "milk" } });
    await order(shopClient(suite, gatewayAddress(server)), { item: "tea" });
    await eventually("the shadow is called", () => other.calls.length === 1);
    assert.deepEqual(other.calls[0]?.body.request, { item: "tea" });
    assert.equal(shop.seen.length, 1);
    assert.equal(shop.seen[0]?.message.item, "coffee");
    assert.equal((await differed()).differences, 1);
  });

  it("of functions leave the output alone", async () => {
    await hang({ function: { name: "preuserinfo" } }, "function/preuserinfo");
    hook.reply({ body: { append_claims: [{ key: "a", value: 1 }] } });
    other.reply({ body: { append_claims: [{ key: "a", value: 2 }] } });
    const { body } = await server.request("POST", "/v1/functions/preuserinfo:invoke", { input: { user: { id: "1" } } });
    assert.deepEqual(body.output, { append_claims: [{ key: "a", value: 1 }] });
    assert.equal((await differed()).effect, "changed");
  });

  it("are waited for when the server stops, within the time that it has for that", async () => {
    await hang({ function: { name: "preuserinfo" } }, "function/preuserinfo");
    const answered = Promise.withResolvers<TargetReply>();
    other.reply(() => answered.promise);
    await server.request("POST", "/v1/functions/preuserinfo:invoke", { input: {} });
    await eventually("the shadow is called", () => other.calls.length === 1);
    server.child.kill("SIGTERM");
    await eventually("the server stops", () => logged("server.stopping").length > 0);
    answered.resolve({ body: { append_claims: [{ key: "late", value: true }] } });
    assert.equal(await server.stop(), 0);
    assert.equal((await differed()).targetId, targets[1]);
  });
});
