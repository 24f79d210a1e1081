import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create, equals, fromBinary, toBinary, type Message as ProtobufMessage } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { MessageMismatch, mergeReply, type JsonObject } from "@interpose/engine";
import { Thing } from "../../test/things.ts";
import { CreateTokenResponseSchema } from "../gen/interpose/v1/token_service_pb.js";
import { GetTargetByIDResponseSchema } from "../gen/zitadel/action/v3alpha/action_service_pb.js";
import { protobufMessage, unwrap } from "./protobuf-message.ts";

/** A thing with unknown fields at the top, in a message, in a list and in a redacted field. */
function thing(): ProtobufMessage {
  const unknown = [{ no: 999, wireType: WireType.Varint, data: new Uint8Array([5]) }];
  const inner = { $unknown: unknown, label: "inner", count: 1 };
  const message = create(Thing, {
    name: "a",
    text: "b",
    int64: 5n,
    inner,
    inners: [{ label: "x" }, { label: "y" }],
    choice: { case: "one", value: "1" },
    secret: "s3cret",
  });
  message.$unknown = unknown;
  const view = reflect(Thing, message);
  const innerField = Thing.field.inner;
  const innersField = Thing.field.inners;
  if (innerField?.fieldKind !== "message" || innersField?.fieldKind !== "list") throw new Error("things changed");
  view.get(innerField).setUnknown(unknown);
  for (const item of view.get(innersField)) (item as { setUnknown(fields: typeof unknown): void }).setUnknown(unknown);
  return message;
}

describe("protobufMessage()", () => {
  it("writes both spellings, without zero values and redacted fields", () => {
    const message = protobufMessage(Thing, thing());
    assert.deepEqual(message.json("proto"), {
      name: "a",
      text: "b",
      int_64: "5",
      inner: { label: "inner", count: 1 },
      inners: [{ label: "x" }, { label: "y" }],
      one: "1",
    });
    assert.equal(message.json("camel").int64, "5");
    assert.equal(message.json("proto"), message.json("proto"), "it is made once");
  });

  it("keeps a token's secret out of what targets see", () => {
    const created = create(CreateTokenResponseSchema, { id: "1", token: "ipt_1_secret" });
    assert.deepEqual(protobufMessage(CreateTokenResponseSchema, created).json("proto"), { id: "1" });
  });

  it("keeps what JSON cannot express when its own JSON comes back", () => {
    const before = thing();
    const message = protobufMessage(Thing, before);
    for (const spelling of ["proto", "camel"] as const) {
      const after = unwrap(message.replacedBy(message.json(spelling), "refuse"));
      assert.deepEqual(toBinary(Thing, after), toBinary(Thing, before));
    }
  });

  it("keeps unknown fields beside a change", () => {
    const message = protobufMessage(Thing, thing());
    const changed = mergeReply(
      message.json("proto"),
      { inner: { label: "changed" }, inners: [{ label: "x" }, { label: "new" }] },
      message.shape,
      "proto",
    );
    const after = unwrap(message.replacedBy(changed, "ignore")) as never as {
      inner: ProtobufMessage;
      inners: ProtobufMessage[];
      secret: string;
    };
    assert.equal(after.inner.$unknown?.length, 1);
    assert.deepEqual(
      after.inners.map(({ $unknown }) => $unknown?.length ?? 0),
      [1, 0],
      "an item that was replaced begins anew",
    );
    assert.equal(after.secret, "s3cret");
  });

  it("does not let a reply set a redacted field", () => {
    const message = protobufMessage(Thing, thing());
    for (const reply of [{ secret: "mine" }, { secret: null }] as JsonObject[]) {
      const after = unwrap(message.replacedBy({ ...message.json("proto"), ...reply }, "ignore")) as never as {
        secret: string;
      };
      assert.equal(after.secret, "s3cret");
    }
  });

  it("clears the other members of a oneof that a reply sets", () => {
    const message = protobufMessage(Thing, thing());
    const merged = mergeReply(message.json("proto"), { other: { label: "o" } }, message.shape, "proto");
    assert.deepEqual(message.replacedBy(merged, "ignore").json("proto").other, { label: "o" });
  });

  const bad: readonly { name: string; json: JsonObject; unknown?: "ignore" | "refuse"; says: RegExp }[] = [
    { name: "a wrong type", json: { name: 5 }, says: /^name: expected a text$/ },
    {
      name: "a wrong type deep inside",
      json: { inner: { deeper: { count: "x" } } },
      says: /^inner\.deeper\.count: expected a whole number$/,
    },
    { name: "an unknown name of an enum", json: { color: "GREEN" }, says: /^color: expected one of/ },
    {
      name: "an unknown field, where that is refused",
      json: { nope: "secret value" },
      unknown: "refuse",
      says: /^there is no field "nope"$/,
    },
    { name: "a number out of range", json: { int_32: 3_000_000_000 }, says: /int_32/ },
    { name: "a time that is none", json: { time: "secret value" }, says: /^time: expected a time/ },
  ];
  for (const { name, json, unknown = "ignore", says } of bad) {
    it(`refuses ${name}, without showing it`, () => {
      const message = protobufMessage(Thing, thing());
      assert.throws(
        () => message.replacedBy(json, unknown),
        (error) =>
          error instanceof MessageMismatch && says.test(error.message) && !error.message.includes("secret value"),
      );
    });
  }

  it("ends nothing by a reply that is nested without end", () => {
    let deep: JsonObject = {};
    for (let i = 0; i < 20_000; i++) deep = { a: deep };
    const message = protobufMessage(Thing, thing());
    assert.throws(() => message.replacedBy({ anything: deep }, "ignore"), MessageMismatch);
  });

  it("comes back the same from its own JSON, whatever it holds", () => {
    const target = fc.record({
      targetId: fc.string(),
      name: fc.string(),
      endpoint: fc.string(),
      timeout: fc.record({ seconds: fc.bigInt({ min: 0n, max: 1_000_000n }), nanos: fc.nat({ max: 999_999_999 }) }),
      details: fc.record({ sequence: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), resourceOwner: fc.string() }),
      targetType: fc.constantFrom(
        { case: "restCall" as const, value: { interruptOnError: true } },
        { case: "restAsync" as const, value: {} },
        { case: undefined },
      ),
    });
    fc.assert(
      fc.property(target, fc.constantFrom("proto" as const, "camel" as const), (given, spelling) => {
        const before = create(GetTargetByIDResponseSchema, { target: given as never });
        const message = protobufMessage(GetTargetByIDResponseSchema, before);
        const after = unwrap(
          message.replacedBy(JSON.parse(JSON.stringify(message.json(spelling))) as JsonObject, "refuse"),
        );
        assert.ok(
          equals(
            GetTargetByIDResponseSchema,
            fromBinary(GetTargetByIDResponseSchema, toBinary(GetTargetByIDResponseSchema, after as typeof before)),
            before,
          ),
        );
      }),
    );
  });
});
