import assert from "node:assert/strict";
import { queryObjects } from "node:v8";
import { describe, it } from "node:test";
import { InterposeError } from "@interpose/engine";
import fc from "fast-check";
import { asBase64, enveloped, envelopedText, whole, type Cutter, type Framing, type WireMessage } from "./framing.ts";

const END = 0b1000_0000;

/** What a cutter makes of a body that comes in pieces of these sizes, over and over. */
function cut(cutter: Cutter, body: Buffer, sizes: readonly number[]): { messages: WireMessage[]; ends: Buffer[] } {
  const messages: WireMessage[] = [];
  const ends: Buffer[] = [];
  const note = (piece: ReturnType<Cutter["take"]>): boolean => {
    if (!piece) return false;
    if (piece.kind === "end") ends.push(piece.bytes);
    else messages.push({ isCompressed: piece.isCompressed, bytes: piece.bytes });
    return true;
  };
  for (let at = 0, i = 0; at < body.byteLength; i++) {
    const size = Math.max(1, sizes[i % sizes.length] ?? 1);
    cutter.push(Buffer.from(body.subarray(at, at + size)));
    at += size;
    while (note(cutter.take()));
  }
  while (note(cutter.takeLast()));
  return { messages, ends };
}

const message = fc.record(
  {
    isCompressed: fc.boolean(),
    bytes: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
  },
  { noNullPrototype: true },
);
const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });

describe("framings", () => {
  for (const [name, framing] of [
    ["with prefixes", enveloped(END)],
    ["in base64", envelopedText(END)],
  ] as const) {
    it(`${name} give back what was put into them, however it is cut`, () => {
      fc.assert(
        fc.property(fc.array(message, { maxLength: 5 }), sizes, (messages, cuts) => {
          const end = Buffer.from([END, 0, 0, 0, 1, 65]);
          const body = Buffer.concat([...messages.map((each) => framing.frame(each)), framing.frameEnd(end)]);
          const found = cut(framing.createCutter(1_000), body, cuts);
          assert.deepEqual(found.messages, messages);
          assert.deepEqual(found.ends, [end]);
        }),
      );
    });

    it(`${name} refuse garbage with an error of ours, and never hang`, () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), sizes, (bytes, cuts) => {
          try {
            cut(framing.createCutter(100), Buffer.from(bytes), cuts);
          } catch (error) {
            assert.ok(error instanceof InterposeError);
            assert.ok(["body_malformed", "message_too_large"].includes(error.reason));
          }
        }),
      );
    });

    it(`${name} refuse a message by its prefix that is longer than allowed, before it is there`, () => {
      const prefix = Buffer.from([0, 0, 0, 0, 101]);
      const cutter = framing.createCutter(100);
      cutter.push(name === "in base64" ? asBase64(Buffer.concat([prefix, Buffer.alloc(1)])) : prefix);
      assert.throws(() => cutter.take(), { reason: "message_too_large" });
    });

    it(`${name} refuse a body that ends within a message`, () => {
      const cutter = framing.createCutter(100);
      const cutOff = Buffer.from([0, 0, 0, 0, 9, 1]);
      cutter.push(name === "in base64" ? asBase64(cutOff) : cutOff);
      assert.equal(cutter.take(), undefined);
      assert.throws(() => cutter.takeLast(), { reason: "body_malformed" });
    });
  }

  it("know no end in protocols without one", () => {
    const cutter = enveloped(0).createCutter(100);
    cutter.push(Buffer.from([END, 0, 0, 0, 0]));
    assert.throws(() => cutter.take(), { reason: "body_malformed" });
  });

  it("take a whole body for one message, an empty one too, and bound it as it comes", () => {
    const framing: Framing = whole(true);
    const body = Buffer.from("hello");
    assert.deepEqual(cut(framing.createCutter(5), body, [2]).messages, [{ isCompressed: true, bytes: body }]);
    // Nothing at all is compressed by no coding.
    assert.deepEqual(cut(framing.createCutter(5), Buffer.alloc(0), [1]).messages, [
      { isCompressed: false, bytes: Buffer.alloc(0) },
    ]);
    assert.throws(() => cut(framing.createCutter(4), body, [2]), { reason: "message_too_large" });
  });
});

describe("bodies that come byte by byte", () => {
  const buffers = (): number => queryObjects(Buffer, { format: "count" });
  for (const [name, framing] of [
    ["with prefixes", enveloped(END)],
    ["whole", whole(false)],
  ] as const) {
    it(`are held in few pieces, ${name}`, () => {
      const cutter = framing.createCutter(1_000_000);
      if (name === "with prefixes") cutter.push(Buffer.from([0, 0, 3, 0xd, 0x40]));
      const before = buffers();
      for (let i = 0; i < 100_000; i++) cutter.push(Buffer.from([i]));
      assert.ok(buffers() - before < 100, `${buffers() - before} pieces`);
      for (let i = 100_000; i < 200_000; i++) cutter.push(Buffer.from([i]));
      const piece = name === "whole" ? cutter.takeLast() : cutter.take();
      assert.deepEqual(piece?.bytes, Buffer.from(Array.from({ length: 200_000 }, (_, i) => i & 255)));
    });
  }
});
