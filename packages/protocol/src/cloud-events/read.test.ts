import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InterposeError } from "@interpose/engine";
import fc from "fast-check";
import { attributeFromHeader } from "./header-value.ts";
import { readCloudEvents } from "./read.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function read(headers: Readonly<Record<string, string>>, body: string | Uint8Array = "") {
  return readCloudEvents({
    header: (name) => headers[name],
    body: typeof body === "string" ? bytes(body) : body,
  });
}

const BINARY = { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "a.b" };
const JSON_EVENT = { specversion: "1.0", id: "1", source: "/s", type: "a.b" };
const EVENT = { id: "1", source: "/s", type: "a.b", subject: undefined, aggregateType: undefined, data: {} };

describe("readCloudEvents()", () => {
  it("reads the same event in each mode", () => {
    const attributes = { subject: "7", aggregatetype: "thing" };
    const data = { a: [1, { b: null }] };
    const expected = [{ ...EVENT, subject: "7", aggregateType: "thing", data }];
    const headers = { ...BINARY, "ce-subject": "7", "ce-aggregatetype": "thing" };
    assert.deepEqual(read(headers, JSON.stringify(data)), { events: expected, isBatch: false });
    const event = { ...JSON_EVENT, ...attributes, data };
    const [structured, batch] = ["application/cloudevents+json", "application/cloudevents-batch+json"];
    assert.deepEqual(read({ "content-type": structured }, JSON.stringify(event)), { events: expected, isBatch: false });
    assert.deepEqual(read({ "content-type": batch }, JSON.stringify([event])), { events: expected, isBatch: true });
    const { data: _data, ...rest } = event;
    const encoded = { ...rest, data_base64: btoa(JSON.stringify(data)) };
    assert.deepEqual(read({ "content-type": structured }, JSON.stringify(encoded)).events, expected);
  });

  it("tells modes by the media type alone, in any case of letters", () => {
    const type = "Application/CloudEvents+JSON; charset=UTF-8";
    assert.deepEqual(read({ ...BINARY, "ce-id": "another", "content-type": type }, JSON.stringify(JSON_EVENT)).events, [
      EVENT,
    ]);
  });

  it("takes null for what is not given, and no data for an empty object", () => {
    const event = { ...JSON_EVENT, subject: null, data: null, data_base64: null, datacontenttype: null };
    assert.deepEqual(read({ "content-type": "application/cloudevents+json" }, JSON.stringify(event)).events, [EVENT]);
    assert.deepEqual(read({ ...BINARY, "content-type": "text/plain" }).events, [EVENT]);
  });

  it("reads no attribute that every object has", () => {
    const headers = { "content-type": "application/cloudevents+json" };
    const body = JSON.stringify({ ...JSON_EVENT, type: undefined });
    assert.throws(() => read(headers, body.replace("{", '{"__proto__":{"type":"a.b"},')), {
      reason: "bad_request",
      message: /^type is missing/,
    });
  });

  it("refuses whatever it does not read by an error that says why", () => {
    const header = fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom("1.0", "a.b", '"', "%", "\\"));
    const headers = fc.record(
      {
        "content-type": fc.oneof(
          fc.constantFrom("application/cloudevents+json", "application/cloudevents-batch+json", "application/json", ""),
          fc.string({ maxLength: 20 }),
        ),
        "ce-specversion": fc.constant("1.0"),
        "ce-id": header,
        "ce-source": header,
        "ce-type": header,
        "ce-subject": header,
      },
      { requiredKeys: [] },
    );
    const value = fc.jsonValue({ maxDepth: 2 });
    const event = fc.dictionary(fc.constantFrom(...Object.keys(JSON_EVENT), "subject", "data", "data_base64"), value);
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 50 }),
      fc.json().map(bytes),
      fc.oneof(event, fc.array(event)).map((json) => bytes(JSON.stringify(json))),
    );
    fc.assert(
      fc.property(headers, body, (given, content) => {
        try {
          for (const { id, source, type, data } of read(given, content).events) {
            assert.ok(id !== "" && source !== "" && type !== "");
            assert.ok(typeof data === "object" && !Array.isArray(data));
          }
        } catch (error) {
          assert.ok(error instanceof InterposeError, String(error));
          assert.match(error.reason, /^(bad_request|media_type_unknown)$/);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("attributeFromHeader()", () => {
  /** As the HTTP binding has it, in section 3.1.3.2: space, double quote, percent, and all beyond printable ASCII. */
  const encoded = (text: string): string =>
    text.replace(/[^\x21\x23\x24\x26-\x7e]/gu, (character) =>
      Array.from(bytes(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
    );

  it("reads what a sender has encoded", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        assert.equal(attributeFromHeader(encoded(text), "ce-subject"), text);
      }),
    );
  });
});
