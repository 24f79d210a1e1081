import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { CloudEvent, HTTP, type Message } from "cloudevents";
import { createTarget, setExecution } from "./harness/api.ts";
import { cleanUp, forSuite } from "./harness/cleanup.ts";
import { sendRaw } from "./harness/rest.ts";
import { assertRefusal } from "./harness/status.ts";
import { assertRefused } from "./harness/refusals.ts";
import { ADMIN_TOKEN, startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";
import { startTarget } from "./harness/target.ts";

const PATH = "/v1/events";
const STRUCTURED = "application/cloudevents+json";
const BATCH = "application/cloudevents-batch+json";

let count = 0;
const newId = (): string => `id ${++count}`;

describe("CloudEvents", () => {
  let server: TestServer;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
  });

  async function eventOf(id: string): Promise<any> {
    return (await server.request("GET", `/v1/events/${id}`)).body.event;
  }

  /** Sends what the library `cloudevents` made. */
  async function send({ headers, body }: Message): Promise<JsonAnswer> {
    const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    return sendRaw(server, "POST", PATH, typeof body === "string" ? body : JSON.stringify(body), given);
  }

  // The library writes no percent escapes into headers: what needs some has cases of its own.
  const BY_LIBRARY = [
    { mode: "binary", write: HTTP.binary, subject: 'a subject, "quoted"' },
    { mode: "structured", write: HTTP.structured, subject: 'a "subject" of 50 %, ünï ☃ 🎉' },
  ];
  for (const { mode, write, subject } of BY_LIBRARY) {
    it(`are published in ${mode} mode by the library of the CloudEvents authors, once`, async () => {
      const data = { total: 12, name: "Ünï ☃" };
      const event = new CloudEvent({
        id: newId(),
        source: "/shop/orders",
        type: "order.placed",
        subject,
        aggregatetype: "purchase",
        other: "unknown",
        data,
      });
      const answer = await send(write(event));
      assert.equal(answer.status, 202, JSON.stringify(answer.body));
      assert.deepEqual(Object.keys(answer.body).sort(), ["createTime", "id", "sequence"]);
      const { id: _id, createTime: _time, ...stored } = await eventOf(answer.body.id);
      assert.deepEqual(stored, {
        sequence: "1",
        type: "order.placed",
        aggregateType: "purchase",
        aggregateId: event.subject,
        payload: data,
        userId: "admin",
        version: "v1",
        idempotencyKey: `/shop/orders ${event.id}`,
      });
      assert.deepEqual((await send(write(event))).body, { ...answer.body, repeated: true });
    });
  }

  it("are published as a batch, all or none, and answered a list", async () => {
    const make = (given: object = {}): object => ({
      specversion: "1.0",
      id: newId(),
      source: "/batch",
      type: "thing.batched",
      subject: "batch",
      ...given,
    });
    const events = [make(), make({ data: { a: 1 } }), make({ data_base64: btoa('{"a":2}') })];
    const answer = await send({ headers: { "content-type": BATCH }, body: JSON.stringify(events) });
    assert.equal(answer.status, 202);
    assert.deepEqual(
      answer.body.map(({ sequence }: { sequence: string }) => sequence),
      ["1", "2", "3"],
    );
    assert.deepEqual((await eventOf(answer.body[2].id)).payload, { a: 2 });
    const refused = [make(), make({ type: "a/b" })];
    const none = await send({ headers: { "content-type": BATCH }, body: JSON.stringify(refused) });
    assertRefused(none, { status: 400, code: 3, reason: "EVENT_INVALID", says: /^events\[1\]\.type has a "\/" in it/ });
    const after = await send({ headers: { "content-type": BATCH }, body: JSON.stringify([make()]) });
    assert.equal(after.body[0].sequence, "4");
    assert.deepEqual((await send({ headers: { "content-type": BATCH }, body: "[]" })).body, []);
  });

  const binary = (given: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => ({
    "ce-specversion": "1.0",
    "ce-id": newId(),
    "ce-source": "/s",
    "ce-type": "thing.told",
    ...given,
  });

  it("without a subject stand for themselves, without data have an empty payload, and without aggregatetype that of their type", async () => {
    const headers = binary();
    const { aggregateId, aggregateType, payload } = await eventOf(
      (await sendRaw(server, "POST", PATH, "", headers)).body.id as string,
    );
    assert.deepEqual([aggregateId, aggregateType, payload], [headers["ce-id"], "thing", {}]);
  });

  const values: readonly (readonly [header: string, means: string])[] = [
    ["plain", "plain"],
    ["Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"],
    ['"in quotes"', "in quotes"],
    ['"a \\"quote\\" and a \\\\"', 'a "quote" and a \\'],
    ['"%22"', '"'],
    ["100%25", "100%"],
    ["%2525", "%25"],
    ['5" disk', '5" disk'],
  ];
  for (const [header, means] of values) {
    it(`in binary mode have the subject ${means} by the header ${header}`, async () => {
      const { body } = await sendRaw(server, "POST", PATH, "", binary({ "ce-subject": header }));
      assert.equal((await eventOf(body.id as string)).aggregateId, means);
    });
  }

  for (const type of [
    "application/json",
    "application/json; charset=utf-8",
    "application/vnd.acme+json",
    "text/json",
  ]) {
    it(`in binary mode may have data of the type ${type}`, async () => {
      const answer = await sendRaw(server, "POST", PATH, '{"a":1}', { ...binary(), "content-type": type });
      assert.deepEqual((await eventOf(answer.body.id as string)).payload, { a: 1 });
    });
  }

  const good = { specversion: "1.0", id: "1", source: "/s", type: "thing.told" };
  const json = (given: object): string => JSON.stringify({ ...good, ...given });
  const cases: readonly (readonly [
    what: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    field: string | undefined,
    says: RegExp,
    reason?: string,
  ])[] = [
    ["nothing", {}, "", "ce-specversion", /is missing\. A CloudEvent has its attributes in headers/],
    ["JSON alone", { "content-type": "application/json" }, json({}), "ce-specversion", /\/v1\/events:publish\./],
    ["no id", { ...binary(), "ce-id": "" }, "", "ce-id", /is empty/],
    ["another version", binary({ "ce-specversion": "0.3" }), "", "ce-specversion", /is "0\.3"/],
    ["a subject with half an escape", binary({ "ce-subject": "50%" }), "", "ce-subject", /malformed percent escape/],
    ["a subject with no UTF-8", binary({ "ce-subject": "%C0%A0" }), "", "ce-subject", /malformed percent escape/],
    ["a subject beyond ASCII", binary({ "ce-subject": "ü" }), "", "ce-subject", /beyond printable ASCII/],
    [
      "a subject with NUL",
      binary({ "ce-subject": "a%00" }),
      "",
      "events[0].aggregate_id",
      /control character/,
      "EVENT_INVALID",
    ],
    ["a source with a space", binary({ "ce-source": "a%20b" }), "", "ce-source", /has white space/],
    ["data that is a list", binary(), "[]", "The data", /must be a JSON object/],
    ["data that is no JSON", binary(), "{", undefined, /^The body is not JSON/],
    [
      "data that is XML",
      { ...binary(), "content-type": "text/xml" },
      "<a/>",
      undefined,
      /"text\/xml"/,
      "MEDIA_TYPE_UNKNOWN",
    ],
    [
      "structured: no id",
      { "content-type": STRUCTURED },
      JSON.stringify({ ...good, id: undefined }),
      "id",
      /is missing/,
    ],
    ["structured: an id that is null", { "content-type": STRUCTURED }, json({ id: null }), "id", /is missing/],
    ["structured: an id that is a number", { "content-type": STRUCTURED }, json({ id: 1 }), "id", /must be a text/],
    ["structured: an empty subject", { "content-type": STRUCTURED }, json({ subject: "" }), "subject", /is empty/],
    ["structured: a list", { "content-type": STRUCTURED }, "[]", "The body", /must be a JSON object/],
    [
      "structured: data that is a text",
      { "content-type": STRUCTURED },
      json({ data: "x" }),
      "data",
      /must be a JSON object/,
    ],
    [
      "structured: both data",
      { "content-type": STRUCTURED },
      json({ data: {}, data_base64: "e30=" }),
      "data",
      /is given twice/,
    ],
    [
      "structured: base64 that is none",
      { "content-type": STRUCTURED },
      json({ data_base64: "%" }),
      "data_base64",
      /in base64/,
    ],
    [
      "structured: base64 of no JSON",
      { "content-type": STRUCTURED },
      json({ data_base64: "eA==" }),
      undefined,
      /not JSON/,
    ],
    [
      "structured: a type of data",
      { "content-type": STRUCTURED },
      json({ datacontenttype: "text/plain", data: {} }),
      undefined,
      /"text\/plain"/,
      "MEDIA_TYPE_UNKNOWN",
    ],
    [
      "structured as XML",
      { "content-type": "application/cloudevents+xml" },
      "",
      undefined,
      /Use application\/cloudevents\+json/,
      "MEDIA_TYPE_UNKNOWN",
    ],
    ["a batch that is an event", { "content-type": BATCH }, json({}), "The body", /must be a list of events/],
    ["a batch with a text", { "content-type": BATCH }, '["x"]', "events[0]", /must be a JSON object/],
    [
      "a batch with one that has no type",
      { "content-type": BATCH },
      `[${json({})},{"specversion":"1.0","id":"2","source":"/s"}]`,
      "events[1].type",
      /is missing/,
    ],
    [
      "a batch of too many",
      { "content-type": BATCH },
      `[${Array(1_001).fill(json({})).join()}]`,
      "events",
      /1000/,
      "VALIDATION_FAILED",
    ],
    ["deep JSON", { "content-type": BATCH }, "[".repeat(200), "", /levels of nesting/],
  ];
  for (const [what, headers, body, field, says, reason = "BAD_REQUEST"] of cases) {
    it(`are refused for ${what}, and told where`, async () => {
      const status = reason === "MEDIA_TYPE_UNKNOWN" ? 415 : 400;
      const answer = await sendRaw(server, "POST", PATH, body, headers);
      assertRefusal(answer, { status, code: 3, reason, says, field });
    });
  }

  it("are refused where they are large, or in a coding", async () => {
    const large = JSON.stringify({ a: "x".repeat(300_000) });
    const says = /events\.maxPayloadBytes/;
    assertRefused(await sendRaw(server, "POST", PATH, large, binary()), {
      status: 413,
      code: 8,
      reason: "MESSAGE_TOO_LARGE",
      says,
    });
    const huge = JSON.stringify({ a: "x".repeat(5_000_000) });
    const answer = await sendRaw(server, "POST", PATH, huge, binary());
    assertRefused(answer, { status: 413, code: 8, reason: "MESSAGE_TOO_LARGE", says: /limits\.maxMessageBytes/ });
    const coded = await sendRaw(server, "POST", PATH, "{}", { ...binary(), "content-encoding": "gzip" });
    assertRefused(coded, { status: 400, code: 3, reason: "BAD_REQUEST", says: /content-encoding "gzip"/ });
  });

  it("need a token, and the permission to publish", async () => {
    const { body: made } = await server.request("POST", "/v1/tokens", { name: "reads", permissions: ["event.read"] });
    const statusWith = async (token: string | null): Promise<number> =>
      (await server.request("POST", PATH, "{}", { token, headers: binary() })).status;
    assert.deepEqual([await statusWith(null), await statusWith(made.token as string)], [401, 403]);
    assert.equal(await statusWith(ADMIN_TOKEN), 202);
  });

  it("are a call of PublishEvents, which executions on requests see, and may refuse", async (t) => {
    const hook = await startTarget(t, { body: { forwardedStatusCode: 403, forwardedErrorMessage: "not today" } });
    const target = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    const condition = { request: { method: "/interpose.v1.EventService/PublishEvents" } };
    await setExecution(server, condition, [target]);
    cleanUp(t, () => server.request("DELETE", "/v3alpha/executions", { condition }));
    const answer = await sendRaw(server, "POST", PATH, '{"a":1}', binary({ "ce-subject": "seen" }));
    assertRefused(answer, {
      status: 403,
      code: 7,
      reason: "TARGET_REFUSED",
      id: "EXEC-reUaUZCzCp",
      says: /^not today/,
    });
    const [call] = hook.calls;
    assert.equal(call?.body.fullMethod, "/interpose.v1.EventService/PublishEvents");
    assert.deepEqual(
      [call.body.request.events[0].aggregate_id, call.body.request.events[0].payload],
      ["seen", { a: 1 }],
    );
  });
});
