import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { knownEventTypes } from "../src/events/known-types.ts";
import { OWN_EVENT_TYPES } from "../src/events/own-events.ts";
import { createTarget, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { publish, storeOf, tryToPublish } from "./harness/events.ts";
import { eventually } from "./harness/eventually.ts";
import { assertRefused, metadataOf } from "./harness/refusals.ts";
import { startServer, type TestServer } from "./harness/server.ts";
import { startTarget } from "./harness/target.ts";

interface EventType {
  readonly type: string;
  readonly kind: string;
  readonly description?: string;
  readonly declareTime?: string;
  readonly firstPublishTime?: string;
}

/** All types that are known but Interpose's own, by pages of some size. */
async function typesOf(server: TestServer, pageSize = 1_000): Promise<readonly EventType[]> {
  const found: EventType[] = [];
  for (let token = ""; ;) {
    const { status, body } = await server.request("GET", `/v1/eventTypes?pageSize=${pageSize}&pageToken=${token}`);
    assert.equal(status, 200, JSON.stringify(body));
    assert.ok(body.eventTypes.length <= pageSize);
    found.push(...body.eventTypes);
    token = body.nextPageToken ?? "";
    if (token === "") break;
  }
  assert.deepEqual(
    found.map(({ type }) => type),
    found.map(({ type }) => type).sort(),
  );
  return found.filter(({ kind }) => kind !== "EVENT_TYPE_KIND_OWN");
}

const kindsOf = async (server: TestServer, pageSize?: number): Promise<readonly string[]> =>
  (await typesOf(server, pageSize)).map(({ type, kind }) => `${type} ${kind.replace("EVENT_TYPE_KIND_", "")}`);

describe("types of events, where any can be published", () => {
  const suite = forSuite();
  let server: TestServer;
  before(async () => {
    server = await startServer(suite, { env: { INTERPOSE_EVENTS_DECLARED: "set.in_settings" } });
  });

  it("are learned, declared, and forgotten", async () => {
    await publish(server, { type: "b.learned", aggregateId: "1" });
    const declare = (type: string, description: string) =>
      server.request("POST", "/v1/eventTypes", { type, description });
    const { body } = await declare("a.declared", "the first");
    assert.deepEqual(
      { ...body.eventType, declareTime: "" },
      {
        type: "a.declared",
        kind: "EVENT_TYPE_KIND_DECLARED",
        description: "the first",
        declareTime: "",
      },
    );
    const all = ["a.declared DECLARED", "b.learned LEARNED", "set.in_settings DECLARED"];
    assert.deepEqual(await kindsOf(server), all);
    assert.deepEqual(await kindsOf(server, 2), all, "page by page");
    await declare("b.learned", "declared later");
    const later = (await typesOf(server)).find(({ type }) => type === "b.learned");
    assert.ok(later?.declareTime && later.firstPublishTime);
    for (const type of ["a.declared", "b.learned"])
      assert.equal((await server.request("DELETE", `/v1/eventTypes/${type}`)).status, 200);
    assert.deepEqual(await kindsOf(server), ["set.in_settings DECLARED"]);
    assert.equal((await publish(server, { type: "b.learned", aggregateId: "1" })).sequence, "2", "its events stay");
    assert.deepEqual(await kindsOf(server), ["b.learned LEARNED", "set.in_settings DECLARED"]);
  });

  it("add no event where nothing changes, and keep the time of their declaration", async () => {
    const declare = async (description: string): Promise<EventType> =>
      (await server.request("POST", "/v1/eventTypes", { type: "same.again", description })).body.eventType;
    const first = await declare("one");
    assert.deepEqual(await declare("one"), first);
    assert.deepEqual(await declare("two"), { ...first, description: "two" });
    const { body } = await server.request("GET", "/v1/events?aggregateType=event_type&aggregateId=same.again");
    assert.deepEqual(
      body.events.map(({ payload }: { payload: object }) => payload),
      [{ description: "two" }, { description: "one" }],
    );
  });

  it("are refused where they cannot be declared or forgotten", async () => {
    const declare = (type: string) => server.request("POST", "/v1/eventTypes", { type });
    const invalid = { status: 400, code: 3, reason: "EVENT_INVALID" };
    assertRefused(await declare("target.added"), { ...invalid, says: /^type is a type of Interpose's own/ });
    assertRefused(await declare("a.*"), { ...invalid, says: /^type ends in "\.\*"/ });
    assertRefused(await declare(""), { status: 400, code: 3, reason: "VALIDATION_FAILED", says: /^type/ });
    const forget = (type: string) => server.request("DELETE", `/v1/eventTypes/${type}`);
    const fixed = { status: 400, code: 9, reason: "EVENT_TYPE_FIXED" };
    assertRefused(await forget("target.added"), { ...fixed, says: /is a type of Interpose's own events/ });
    assertRefused(await forget("set.in_settings"), { ...fixed, says: /declared in the settings \(events\.declared\)/ });
    const unknown = {
      status: 404,
      code: 5,
      reason: "EVENT_TYPE_NOT_FOUND",
      says: /^There is no type of events "x\.y"/,
    };
    assertRefused(await forget("x.y"), unknown);
  });

  it("are all known, for who asks within the server", async (t) => {
    const database = await storeOf(t, server);
    const [instance] = await database.query<{ id: string }>({ text: "select id from interpose.instances", values: [] });
    await publish(server, { type: "known.by_all", aggregateId: "1" });
    const known = await knownEventTypes(database, instance?.id ?? "", ["set.in_settings"]);
    for (const type of [...OWN_EVENT_TYPES, "known.by_all", "set.in_settings"]) assert.ok(known.includes(type), type);
    assert.equal(new Set(known).size, known.length);
  });

  it("are a matter of no execution: one can be set on an event that nobody has published", async () => {
    const target = await createTarget(server, { endpoint: "https://example.com/" });
    await setExecution(server, { event: { event: "never.heard.of" } }, [target]);
    await setExecution(server, { event: { group: "never" } }, [target]);
  });
});

describe("a server that takes declared types alone, and few events", () => {
  const suite = forSuite();
  let server: TestServer;
  before(async () => {
    server = await startServer(suite, {
      env: {
        INTERPOSE_EVENTS_TYPES: "declared",
        INTERPOSE_EVENTS_DECLARED: "order.placed",
        INTERPOSE_EVENTS_MAX_PER_SECOND: "3",
        INTERPOSE_EVENTS_MAX_PAYLOAD_BYTES: "100",
      },
    });
  });

  it("refuses others, by RPC and as CloudEvents, and names what is near", async () => {
    const expected = {
      status: 400,
      code: 9,
      reason: "EVENT_TYPE_UNDECLARED",
      says: /type "order\.palced" is not declared, .* Do you mean order\.placed\?/,
    };
    const answer = await tryToPublish(server, { type: "order.palced", aggregateId: "1" });
    assertRefused(answer, expected);
    assert.deepEqual(metadataOf(answer), { nearest: "order.placed" });
    const headers = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "order.palced" };
    assertRefused(await server.request("POST", "/v1/events", undefined, { headers }), expected);
  });

  it("takes what is declared, from then on and until it is forgotten", async () => {
    const event = { type: "order.sent", aggregateId: "1" };
    assert.equal((await tryToPublish(server, event)).status, 400);
    await server.request("POST", "/v1/eventTypes", { type: "order.sent" });
    await publish(server, event);
    await server.request("DELETE", "/v1/eventTypes/order.sent");
    assert.equal((await tryToPublish(server, event)).status, 400);
  });

  it("refuses what is more or larger than it may be, and says when to come again", async () => {
    const event = { type: "order.placed", aggregateId: "1" };
    const large = await tryToPublish(server, { ...event, payload: { a: "x".repeat(100) } });
    const says = /^event\.payload has 108 bytes of JSON; at most 100 are taken/;
    assertRefused(large, { status: 413, code: 8, reason: "MESSAGE_TOO_LARGE", says });
    const refused = await eventually("a refusal", async () => {
      const answer = await tryToPublish(server, event);
      return answer.status === 200 ? undefined : answer;
    });
    const rate = { status: 429, code: 8, reason: "PUBLISH_RATE_EXCEEDED", says: /^This server takes 3 events/ };
    assertRefused(refused, rate);
    assert.equal(refused.headers.get("retry-after"), "1");
    assert.ok(Number(metadataOf(refused).retryAfterMs) <= 1_000);
    await eventually("it is taken again", async () => (await tryToPublish(server, event)).status === 200);
  });
});

describe("an execution on publishing", () => {
  it("changes what is published, and what is answered", async (t) => {
    const server = await startServer(t);
    const hook = await startTarget(t);
    const target = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    const method = "/interpose.v1.EventService/PublishEvent";
    await setExecution(server, { request: { method } }, [target]);
    hook.reply({ body: { event: { payload: { by: "the target" }, user_id: "somebody" } } });
    const { id } = await publish(server, { type: "thing.told", aggregateId: "1", payload: { by: "the client", a: 1 } });
    const { body } = await server.request("GET", `/v1/events/${id}`);
    assert.deepEqual(
      [body.event.payload, body.event.userId],
      [{ by: "the target" }, "somebody"],
      "a payload is one value",
    );
    assert.deepEqual(hook.calls[0]?.body.request.event.payload, { by: "the client", a: 1 });
    hook.reply({ body: { event: { type: "target.added" } } });
    const refused = await tryToPublish(server, { type: "thing.told", aggregateId: "1" });
    assertRefused(refused, {
      status: 400,
      code: 3,
      reason: "EVENT_INVALID",
      says: /^event\.type is a type of Interpose/,
    });
  });
});
