// What may be called for a target alone: who says it, and that it counts for calls and deliveries, on all servers.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { newDatabaseUrl } from "./harness/postgres.ts";
import { assertInvalid, assertRefused, metadataOf, violationsOf } from "./harness/refusals.ts";
import { startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const ON_LIST = { request: { method: methodName("ListTargets") } };
const NOWHERE = { INTERPOSE_EGRESS_ALLOW: "" };
const NEEDED = "target.egress.write";

async function newToken(server: TestServer, grants: Record<string, unknown>): Promise<string> {
  const { status, body } = await server.request("POST", "/v1/tokens", { name: "of test", ...grants });
  assert.equal(status, 201, JSON.stringify(body));
  return body.token as string;
}

describe("egress_allow of a target", () => {
  const suite = forSuite();
  let server: TestServer;
  let hook: TestTarget;
  let editor: string;
  before(async () => {
    server = await startServer(suite, { env: NOWHERE });
    hook = await startTarget(suite);
    editor = await newToken(server, { role: "ROLE_EDITOR" });
  });

  const patch = (id: string, body: unknown, mask = "", token?: string): Promise<JsonAnswer> =>
    server.request(
      "PATCH",
      `/v1/targets/${id}/settings${mask === "" ? "" : `?updateMask=${mask}`}`,
      body,
      token === undefined ? {} : { token },
    );
  const listOf = async (id: string): Promise<unknown> =>
    (await server.request("GET", `/v1/targets/${id}/settings`)).body.settings.egressAllow;
  const sequence = async (id: string): Promise<number> =>
    Number((await server.request("GET", `/v3alpha/targets/${id}`)).body.target.details.sequence);
  const changed = async (answer: Promise<JsonAnswer>): Promise<unknown> => {
    const { status, body } = await answer;
    assert.equal(status, 200, JSON.stringify(body));
    return body.settings.egressAllow;
  };
  const refusedFor = async (answer: Promise<JsonAnswer>): Promise<void> => {
    const says = new RegExp(`needs the permission "${NEEDED}"`);
    assertRefused(await answer, { status: 403, code: 7, reason: "PERMISSION_DENIED", id: "AUTHZ-AWfge", says });
    assert.deepEqual(metadataOf(await answer), { permission: NEEDED });
  };

  it("lets the target be called, at once, and no other at the same place; without it, no more", async () => {
    const [mine, other] = [
      await createTarget(server, { endpoint: hook.url }),
      await createTarget(server, { endpoint: hook.url }),
    ];
    const search = async (): Promise<JsonAnswer> => server.request("POST", "/v3alpha/targets/search", {});
    for (let i = 0; i < 2; i++) {
      await setExecution(server, ON_LIST, [mine]);
      const refused = await search();
      assertRefused(refused, {
        status: 503,
        code: 14,
        reason: "TARGET_UNAVAILABLE",
        id: "EXEC-dra6yamk98",
        says: /may not be called from here/,
      });
      assert.ok(!/127\.0\.0\.1|loopback/.test(JSON.stringify(refused.body)), "no address is told");
      assert.deepEqual(await changed(patch(mine, { egressAllow: ["127.0.0.0/8"] })), ["127.0.0.0/8"]);
      assert.equal((await search()).status, 200);
      await setExecution(server, ON_LIST, [other]);
      assert.equal((await search()).status, 503);
      await server.request("DELETE", "/v3alpha/executions", { condition: ON_LIST });
      assert.equal(await changed(patch(mine, {}, "egressAllow")), undefined);
    }
  });

  it("is kept in one spelling, by an event, and changes only when it is another one", async () => {
    const id = await createTarget(server, { endpoint: "https://example.com/" });
    assert.equal(await listOf(id), undefined);
    const given = [" 10.0.0.0/8 ", "Hooks.Corp.", "*.Bücher.example", "hooks.corp", "FD00::/8"];
    const kept = ["10.0.0.0/8", "hooks.corp", "*.xn--bcher-kva.example", "fd00::/8"];
    assert.deepEqual(await changed(patch(id, { egressAllow: given })), kept);
    assert.deepEqual(await listOf(id), kept);
    const after = await sequence(id);
    await changed(patch(id, { egressAllow: kept }));
    await changed(patch(id, { dialect: "DIALECT_V3ALPHA" }));
    assert.deepEqual(await changed(patch(id, { egressAllow: kept }, "dialect")), kept, "it is not named");
    assert.equal(await sequence(id), after);
    const { body } = await server.request("GET", `/v1/events?aggregateType=target&aggregateId=${id}`);
    const payloads = body.events.map((event: { type: string; payload: unknown }) => [event.type, event.payload]);
    assert.deepEqual(
      payloads.find(([type]: [string]) => type === "target.changed"),
      ["target.changed", { egressAllow: kept }],
    );
    assert.equal(await changed(patch(id, {}, "*")), undefined);
    assert.equal(await sequence(id), after + 1);
  });

  it("is for those with a permission of its own, which editors do not have", async () => {
    const id = await createTarget(server, { endpoint: "https://example.com/" });
    const list = { egressAllow: ["10.0.0.0/8"] };
    await refusedFor(patch(id, list, "", editor));
    await refusedFor(patch(id, list, "*", editor));
    assert.equal(await changed(patch(id, { dialect: "DIALECT_V2" }, "*", editor)), undefined, "nothing of it changes");
    const both = await newToken(server, { permissions: [NEEDED, "execution.target.write"] });
    assert.deepEqual(await changed(patch(id, list, "", both)), list.egressAllow);
    await refusedFor(patch(id, {}, "egressAllow", editor));
    assert.deepEqual(await changed(patch(id, list, "", editor)), list.egressAllow, "the same again is no change");
    const alone = await newToken(server, { permissions: [NEEDED] });
    assert.equal((await patch(id, list, "", alone)).status, 403, "it is not enough to change targets");
  });

  it("keeps the endpoint for those with that permission, so that calls are not led elsewhere in its networks", async () => {
    const id = await createTarget(server, { endpoint: "https://example.com/" });
    const put = (body: unknown, token?: string): Promise<JsonAnswer> =>
      server.request("PUT", `/v3alpha/targets/${id}`, body, token === undefined ? {} : { token });
    assert.equal((await put({ endpoint: "http://10.0.0.1/" }, editor)).status, 200, "without a list it is theirs");
    await changed(patch(id, { egressAllow: ["10.0.0.0/8"] }));
    await refusedFor(put({ endpoint: "http://10.0.0.2/admin" }, editor));
    assert.equal((await put({ endpoint: "http://10.0.0.1/", timeout: "2s" }, editor)).status, 200, "it is the same");
    assert.equal((await put({ endpoint: "http://10.0.0.2/admin" })).status, 200);
  });

  it("is refused where an entry is neither a network nor a host, or there are too many", async () => {
    const id = await createTarget(server, { endpoint: "https://example.com/" });
    for (const [entry, says] of [
      ["10.0.0.0/33", /settings\.egress_allow\[1\]: "10\.0\.0\.0\/33" is not a network/],
      ["http://hooks.corp", /is neither a network.* without scheme, port and path/],
      ["*", /such as 10\.0\.0\.0\/8, nor a host/],
    ] as const) {
      const answer = await patch(id, { egressAllow: ["hooks.corp", entry] });
      assertRefused(answer, { status: 400, code: 3, reason: "TARGET_INVALID", says });
      assert.deepEqual(
        violationsOf(answer).map(({ field }) => field),
        ["settings.egress_allow[1]"],
      );
    }
    assertInvalid(await patch(id, { egressAllow: Array(51).fill("hooks.corp") }), [["settings.egress_allow"]]);
    assert.equal(await listOf(id), undefined);
  });

  it("counts for deliveries, whose record says what would allow one that is refused", async () => {
    const type = "egress.tested";
    const id = await createTarget(server, { endpoint: `${hook.url}delivered`, type: "restAsync" });
    await setExecution(server, { event: { event: type } }, [id]);
    const publish = async (aggregateId: string): Promise<void> => {
      const { status, body } = await server.request("POST", "/v1/events:publish", { type, aggregateId });
      assert.equal(status, 200, JSON.stringify(body));
    };
    const deliveries = async (): Promise<{ readonly id: string; readonly state: string }[]> =>
      (await server.request("GET", `/v1/deliveries?targetId=${id}`)).body.deliveries ?? [];
    await publish("1");
    await eventually("it is dead", async () => (await deliveries()).some(({ state }) => state.endsWith("DEAD")));
    const [dead] = await deliveries();
    const { body } = await server.request("GET", `/v1/deliveries/${dead?.id}`);
    const told = JSON.stringify(body);
    assert.match(told, /127\.0\.0\.1: loopback \(RFC 1122\) .*INTERPOSE_EGRESS_ALLOW.* egress_allow of the target/);
    await changed(patch(id, { egressAllow: ["127.0.0.1"] }));
    hook.calls.length = 0;
    await publish("2");
    await eventually("it is delivered", () => hook.calls.length > 0);
  });
});

describe("egress.only", () => {
  const suite = forSuite();

  it("lets targets live where a list says, and at no public address", async () => {
    const env = { INTERPOSE_EGRESS_ALLOW: "127.0.0.0/8", INTERPOSE_EGRESS_ONLY: "true", INTERPOSE_LOG_LEVEL: "debug" };
    const server = await startServer(suite, { env });
    assert.match(server.stdout(), /Egress {3}targets may live only in 127\.0\.0\.0\/8\n/);
    const hook = await startTarget(suite);
    for (const [endpoint, status] of [
      ["http://8.8.8.8/", 503],
      [hook.url, 200],
    ] as const) {
      await setExecution(server, ON_LIST, [await createTarget(server, { endpoint })]);
      assert.equal((await server.request("POST", "/v3alpha/targets/search", {})).status, status);
    }
    await eventually("the log says why", () =>
      server.stderr().includes("8.8.8.8: with egress.only (INTERPOSE_EGRESS_ONLY)"),
    );
  });
});

describe(
  "egress_allow of a target on two servers",
  { skip: process.env.INTERPOSE_TEST_STORE === "url" ? false : "an embedded store is one server's" },
  () => {
    const suite = forSuite();

    it("is in force at once where it is set, and soon on the other", async () => {
      const databaseUrl = await newDatabaseUrl(suite);
      const hook = await startTarget(suite);
      const [a, b] = await Promise.all([1, 2].map(() => startServer(suite, { databaseUrl, env: NOWHERE })));
      assert.ok(a && b);
      const id = await createTarget(a, { endpoint: hook.url });
      const condition = { request: { method: methodName("GetTargetByID") } };
      await setExecution(a, condition, [id]);
      const isCalledBy = async (server: TestServer): Promise<boolean> =>
        (await server.request("GET", `/v3alpha/targets/${id}`)).status === 200;
      for (const egressAllow of [["127.0.0.0/8"], []]) {
        const allowed = egressAllow.length > 0;
        await a.request("PATCH", `/v1/targets/${id}/settings?updateMask=egressAllow`, { egressAllow });
        assert.equal(await isCalledBy(a), allowed);
        await eventually("it is in force on the other", async () => (await isCalledBy(b)) === allowed);
      }
    });
  },
);
