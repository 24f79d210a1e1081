import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import type { JsonObject } from "@bufbuild/protobuf";
import { Code, createClient, type Client } from "@connectrpc/connect";
import { EventService } from "@interpose/protocol/gen/interpose/v1/event_service_pb";
import { createTarget, setExecution } from "./harness/api.ts";
import { eventually } from "./harness/eventually.ts";
import { forSuite } from "./harness/cleanup.ts";
import { refusal, TRANSPORTS, type TransportName } from "./harness/clients.ts";
import { deliveriesOf, publish, storeOf, tryToPublish } from "./harness/events.ts";
import { assertRefused, metadataOf, violationsOf } from "./harness/refusals.ts";
import { ADMIN_TOKEN, startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";
import type { Database } from "../src/store/database.ts";

/** A generated client, as the admin. */
function eventClient(server: TestServer, transport: TransportName): Client<typeof EventService> {
  return createClient(
    EventService,
    TRANSPORTS[transport](server.url, [
      (next) => (request) => {
        request.header.set("authorization", `Bearer ${ADMIN_TOKEN}`);
        return next(request);
      },
    ]),
  );
}

function reasonOf({ body }: JsonAnswer): unknown {
  return body.details.find((detail: { reason?: string }) => detail.reason !== undefined)?.reason;
}

let aggregates = 0;
/** The id of an aggregate that has no events yet. */
const newAggregate = (): string => `aggregate ${++aggregates}`;

describe("published events", () => {
  let server: TestServer;
  let database: Database;
  let target: string;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
    database = await storeOf(suite, server);
    // Its last event shall be that it was added.
    target = await createTarget(server, { endpoint: "https://example.com/", payloadType: "json" });
    await setExecution(server, { event: { group: "user" } }, [target]);
  });

  for (const name of ["gRPC over HTTP/2", "Connect with JSON over HTTP/1.1"] as const) {
    it(`are published, read and listed in ${name}`, async () => {
      const client = eventClient(server, name);
      const aggregateId = newAggregate();
      const event = {
        type: "user.human.added",
        aggregateId,
        payload: { name: "Ada", tags: ["a", 1, null, { b: true }] },
      };
      const first = await client.publishEvent({ event });
      assert.equal(first.sequence, 1n);
      assert.equal(first.repeated, false);
      const { events } = await client.publishEvents({
        events: [event, { ...event, aggregateType: "person", version: "v2", resourceOwner: "acme", userId: "ada" }],
      });
      assert.deepEqual(
        events.map(({ sequence }) => sequence),
        [2n, 1n],
      );
      const { event: read } = await client.getEvent({ id: events[1]?.id ?? "" });
      assert.ok(read);
      const { $typeName: _name, id: _id, createTime: _time, ...content } = read;
      assert.deepEqual(content, {
        sequence: 1n,
        type: "user.human.added",
        aggregateType: "person",
        aggregateId,
        payload: event.payload,
        resourceOwner: "acme",
        userId: "ada",
        version: "v2",
        idempotencyKey: "",
        depth: 0,
      });
      const listed = await client.listEvents({ aggregateType: "user", aggregateId });
      assert.deepEqual(
        listed.events.map(({ sequence, userId, version }) => [sequence, userId, version]),
        [
          [2n, "admin", "v1"],
          [1n, "admin", "v1"],
        ],
      );
      for (const { id: eventId } of [first, ...events])
        assert.deepEqual(await deliveriesOf(database, eventId), [
          { executionId: "event/user.*", targetId: target, fifoKey: null, state: "waiting", reason: null },
        ]);
    });
  }

  it("are published, read and listed over REST, page by page, newest first", async () => {
    const aggregateId = newAggregate();
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await publish(server, { type: "page.turned", aggregateId })).id);
    const { body } = await server.request("GET", `/v1/events/${ids[0]}`);
    assert.equal(body.event.type, "page.turned");
    assert.deepEqual([body.event.aggregateType, body.event.sequence, body.event.payload], ["page", "5", {}]);
    const found: string[] = [];
    for (let token = ""; ;) {
      const path = `/v1/events?aggregateId=${encodeURIComponent(aggregateId)}&pageSize=2&pageToken=${token}`;
      const page = await server.request("GET", path);
      found.push(...page.body.events.map(({ id }: { id: string }) => id));
      token = page.body.nextPageToken ?? "";
      if (token === "") break;
    }
    assert.deepEqual(found, ids);
  });

  it("are listed by type and time", async () => {
    const aggregateId = newAggregate();
    const { createTime } = (await publish(server, { type: "clock.struck", aggregateId })) as any;
    await eventually("another millisecond", () => Date.now() > Date.parse(createTime));
    await publish(server, { type: "clock.struck", aggregateId });
    await publish(server, { type: "clock.stopped", aggregateId });
    const sequences = async (query: string): Promise<readonly string[]> => {
      const { status, body } = await server.request("GET", `/v1/events?aggregateType=clock&${query}`);
      assert.equal(status, 200, JSON.stringify(body));
      return (body.events ?? []).map(({ sequence }: { sequence: string }) => sequence);
    };
    assert.deepEqual(await sequences("type=clock.struck"), ["2", "1"]);
    assert.deepEqual(await sequences(`startTime=${createTime}`), ["3", "2", "1"]);
    assert.deepEqual(await sequences(`endTime=${createTime}`), []);
    assert.deepEqual((await sequences(`startTime=${createTime}&type=clock.struck`)).at(-1), "1");
  });

  it("of Interpose's own are shown to those who may read what they are of", async () => {
    const { body: made } = await server.request("POST", "/v1/tokens", { name: "reads", permissions: ["event.read"] });
    const options = { token: made.token as string };
    await server.request("POST", "/v1/functions", { name: "seen" });
    for (const [aggregateType, type] of [
      ["token", "token.added"],
      ["function", "function.declared"],
      ["execution", "execution.set"],
      ["target", "target.added"],
    ]) {
      const list = `/v1/events?aggregateType=${aggregateType}`;
      const [own] = (await server.request("GET", list)).body.events;
      assert.equal(own.type, type);
      assert.equal((await server.request("GET", list, undefined, options)).body.events, undefined);
      const refused = await server.request("GET", `/v1/events/${own.id}`, undefined, options);
      assertRefused(refused, { status: 404, code: 5, reason: "EVENT_NOT_FOUND", says: /^There is no event "\d+"/ });
    }
    const { id } = await publish(server, { type: "seen.by_all", aggregateId: newAggregate() });
    assert.equal((await server.request("GET", `/v1/events/${id}`, undefined, options)).status, 200);
  });

  describe("under an idempotency key", () => {
    const event = { type: "key.used", aggregateId: "keys", payload: { a: 1 } };

    it("are answered the place of the first time", async () => {
      const keyed = { ...event, idempotencyKey: "once" };
      const first = await publish(server, keyed);
      assert.equal(first.repeated, undefined);
      assert.deepEqual(await publish(server, keyed), { ...first, repeated: true });
    });

    it("are refused where it stands for something else, with the first event, and nothing of a batch is published", async () => {
      const { id } = await publish(server, { ...event, idempotencyKey: "taken" });
      const aggregateId = newAggregate();
      const events = [
        { type: "key.used", aggregateId },
        { ...event, payload: { a: 2 }, idempotencyKey: "taken" },
      ];
      const answer = await server.request("POST", "/v1/events:publishBatch", { events });
      assertRefused(answer, {
        status: 409,
        code: 6,
        reason: "EVENT_KEY_REUSED",
        says: new RegExp(`^The idempotency key "taken" stands for the event ${id},`),
      });
      assert.deepEqual(metadataOf(answer), { idempotencyKey: "taken", eventId: id });
      assert.equal((await publish(server, { type: "key.used", aggregateId })).sequence, "1");
    });

    it("are published once where a batch repeats them, and the batch refused where it means something else", async () => {
      const keyed = { ...event, aggregateId: newAggregate(), idempotencyKey: "within" };
      const { body } = await server.request("POST", "/v1/events:publishBatch", { events: [keyed, keyed] });
      assert.deepEqual(
        body.events.map(({ sequence, repeated }: { sequence: string; repeated?: true }) => [sequence, repeated]),
        [
          ["1", undefined],
          ["1", true],
        ],
      );
      const other = { ...keyed, idempotencyKey: "within another", payload: { a: 2 } };
      const events = [{ ...other, payload: { a: 1 } }, other];
      const answer = await server.request("POST", "/v1/events:publishBatch", { events });
      const says = /^events\[1\]\.idempotency_key is "within another", as that of events\[0\]/;
      assertRefused(answer, { status: 409, code: 6, reason: "EVENT_KEY_REUSED", says });
      assert.equal((await publish(server, { ...keyed, idempotencyKey: "" })).sequence, "2");
    });

    it("are published once by however many who meet", async () => {
      const keyed = { ...event, aggregateId: newAggregate(), idempotencyKey: "raced" };
      const answers = await Promise.all(Array.from({ length: 20 }, () => publish(server, keyed)));
      assert.equal(new Set(answers.map(({ id }) => id)).size, 1);
      assert.equal(answers.filter(({ repeated }) => repeated === undefined).length, 1);
      assert.equal((await publish(server, { ...keyed, idempotencyKey: "" })).sequence, "2");
    });

    it("are published once by batches that meet, in whatever order these have them", async () => {
      const aggregateId = newAggregate();
      const events = Array.from({ length: 20 }, (_, i) => ({ ...event, aggregateId, idempotencyKey: `batch ${i}` }));
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          server.request("POST", "/v1/events:publishBatch", { events: i % 2 === 0 ? events : events.toReversed() }),
        ),
      );
      assert.deepEqual(
        answers.map(({ status }) => status),
        Array(8).fill(200),
      );
      assert.equal((await publish(server, { ...event, aggregateId })).sequence, "21");
    });
  });

  describe("that cannot be", () => {
    const good = { type: "thing.happened", aggregateId: "1" };
    const nested = (levels: number): unknown => (levels === 0 ? {} : { a: nested(levels - 1) });
    const cases: readonly (readonly [what: string, event: object, field: string, says: RegExp])[] = [
      ["a type with a slash", { type: "a/b" }, "type", /has a "\/" in it/],
      ["a type that is a group", { type: "a.*" }, "type", /ends in "\.\*"/],
      ["a type with a line break", { type: "a\nb" }, "type", /has a control character/],
      ["a type of Interpose's own", { type: "target.added", aggregateType: "user" }, "type", /Interpose's own events/],
      ["an aggregate of Interpose's own", { type: "token.stolen" }, "aggregate_type", /kept for Interpose's own/],
      ["an aggregate type with a slash", { aggregateType: "a/b" }, "aggregate_type", /has a "\/" in it/],
      ["an aggregate id with NUL", { aggregateId: "a\0" }, "aggregate_id", /has a control character/],
      ["a user id with a tab", { userId: "a\tb" }, "user_id", /has a control character/],
      ["a resource owner with DEL", { resourceOwner: "\u007f" }, "resource_owner", /has a control character/],
      ["a key with NUL", { idempotencyKey: "\0" }, "idempotency_key", /has a control character/],
      ["a version with NUL", { version: "\0" }, "version", /has a control character/],
      ["a payload with NUL", { payload: { a: [{ b: "x\0" }] } }, "payload.a[0].b", /has the character U\+0000/],
      [
        "a payload with NUL in a name",
        { payload: { a: { "k\0": 1 } } },
        "payload.a.k\\u0000",
        /has the character U\+0000/,
      ],
      ["a payload with half of a pair", { payload: { a: "\ud800" } }, "payload.a", /has half of a surrogate pair/],
    ];
    for (const [what, given, field, says] of cases) {
      it(`are refused for ${what}, and say where it is`, async () => {
        const answer = await tryToPublish(server, { ...good, ...given });
        assertRefused(answer, { status: 400, code: 3, reason: "EVENT_INVALID", says });
        assert.deepEqual(
          violationsOf(answer).map((each) => each.field),
          [`event.${field}`],
        );
        const batch = await server.request("POST", "/v1/events:publishBatch", {
          events: [good, { ...good, ...given }],
        });
        assertRefused(batch, { status: 400, code: 3, reason: "EVENT_INVALID", says });
        assert.equal(violationsOf(batch)[0]?.field, `events[1].${field}`);
      });
    }

    const broken: readonly (readonly [what: string, event: object, status: number, reason: string])[] = [
      ["no type", { type: "" }, 400, "VALIDATION_FAILED"],
      ["no aggregate", { aggregateId: "" }, 400, "VALIDATION_FAILED"],
      ["a long type", { type: "x".repeat(201) }, 400, "VALIDATION_FAILED"],
      ["a long key", { idempotencyKey: "x".repeat(501) }, 400, "VALIDATION_FAILED"],
      ["a payload that is a list", { payload: [] }, 400, "BAD_REQUEST"],
      ["a payload that is a text", { payload: "x" }, 400, "BAD_REQUEST"],
      ["a number of no size", '{"type":"a","aggregateId":"1","payload":{"a":1e999}}' as never, 400, "EVENT_INVALID"],
      ["a payload that is nested deep", { payload: nested(101) }, 400, "BAD_REQUEST"],
      ["a payload that is large", { payload: { a: "x".repeat(256 * 1024) } }, 413, "MESSAGE_TOO_LARGE"],
    ];
    for (const [what, given, status, reason] of broken) {
      it(`are refused for ${what}`, async () => {
        const body = typeof given === "string" ? given : { ...good, ...given };
        const answer = await server.request("POST", "/v1/events:publish", body);
        assert.deepEqual([answer.status, reasonOf(answer)], [status, reason], JSON.stringify(answer.body));
      });
    }

    it("are refused where a payload over gRPC has a number that JSON lacks, or is nested deep", async () => {
      const client = eventClient(server, "gRPC over HTTP/2");
      const publishing = (payload: unknown) =>
        refusal(client.publishEvent({ event: { ...good, payload: payload as JsonObject } }));
      assert.equal((await publishing({ a: Number.NaN })).code, Code.InvalidArgument);
      for (const levels of [101, 1_000]) assert.equal((await publishing(nested(levels))).code, Code.Internal);
    });

    it("are refused as a batch of more than a thousand", async () => {
      const events = Array.from({ length: 1_001 }, () => good);
      const answer = await server.request("POST", "/v1/events:publishBatch", { events });
      assert.deepEqual([answer.status, reasonOf(answer)], [400, "VALIDATION_FAILED"]);
    });
  });

  it("may have names, keys and payloads as long as they can be", async () => {
    // Each of four bytes: the longest keys that an index must hold.
    const longest = (length: number): string =>
      Array.from({ length }, () => String.fromCodePoint(0x1_0000 + Math.floor(Math.random() * 0xf_ff00))).join("");
    const event = {
      type: longest(200),
      aggregateType: longest(200),
      aggregateId: longest(200),
      resourceOwner: longest(200),
      userId: longest(200),
      idempotencyKey: longest(500),
      payload: { a: "x".repeat(256 * 1024 - 8) },
    };
    const { id } = await publish(server, event);
    const { body } = await server.request("GET", `/v1/events/${id}`);
    const { id: _id, createTime: _time, sequence: _sequence, version: _version, ...content } = body.event;
    assert.deepEqual(content, event);
  });

  it("have their order within a batch, also of a thousand", async () => {
    const aggregateId = newAggregate();
    const events = Array.from({ length: 1_000 }, (_, i) => ({ type: "batch.grown", aggregateId, payload: { i } }));
    const { status, body } = await server.request("POST", "/v1/events:publishBatch", { events });
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(
      body.events.map(({ sequence }: { sequence: string }) => Number(sequence)),
      events.map((_, i) => i + 1),
    );
    assert.deepEqual((await server.request("POST", "/v1/events:publishBatch", {})).body, {}, "or of none");
  });
});
