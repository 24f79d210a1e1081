import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ByteWriter, createHpackDecoder, createHpackEncoder, HpackError } from "./index.ts";
import { encodeHuffman } from "./test/huffman-encoder.ts";
import { sizeOf, tableOf } from "./test/table-of.ts";

/** Strings of bytes: of all lengths where something changes, and of few different ones, so that fields repeat. */
const text = fc.oneof(
  fc.constantFrom("", "a", ":path", ":method", "GET", "cookie", "authorization", "te", "x-very-long-name-of-a-field"),
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)), maxLength: 40 }),
  fc
    .tuple(fc.constantFrom("a", "é", "\u00ff"), fc.constantFrom(15, 16, 17, 126, 127, 128, 255, 4000, 5000))
    .map(([character, length]) => character.repeat(length)),
);
const list = fc.array(fc.tuple(text, text), { maxLength: 40 }).map((fields) => fields.flat());
const tableSize = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 70_000 }));

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ list, never: fc.option(fc.subarray(["a", "te", ":path", "cookie"])) }) },
  { weight: 1, arbitrary: fc.record({ tableSize }) },
);

describe("HPACK", () => {
  it("reads what it writes, whatever it is, and whatever the tables are", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), tableSize, (steps, own) => {
        const encoder = createHpackEncoder({ maxTableSize: own });
        const decoder = createHpackDecoder({ maxTableSize: 4096, maxListSize: 10_000_000 });
        const out = new ByteWriter();
        let allowed = 4096;
        for (const step of steps) {
          if ("tableSize" in step) {
            allowed = step.tableSize;
            encoder.setMaxTableSize(allowed);
            decoder.setMaxTableSize(allowed);
            continue;
          }
          const start = out.length;
          encoder.encode(step.list, step.never ? new Set(step.never) : undefined, out);
          const { fields, neverIndexed } = decoder.decode(out.bytes, start, out.length);
          assert.deepEqual(fields, step.list);
          for (const name of step.never ?? [])
            assert.equal(
              neverIndexed?.has(name) ?? false,
              fields.some((field, i) => i % 2 === 0 && field === name),
            );
          if (out.length > start) assert.ok(sizeOf(tableOf(decoder)) <= Math.min(own, allowed));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

function sometimes<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

/** Instructions that are well formed for the most part, so that more than the first byte is read of what is not. */
const literal = fc
  .record({
    kind: fc.constantFrom(0x40, 0x41, 0x7e, 0x00, 0x04, 0x0f, 0x10, 0x14),
    texts: fc.tuple(text, text),
    huffman: fc.boolean(),
  })
  .map(({ kind, texts, huffman }) => {
    const strings = texts.map((string) => {
      const coded = huffman && string.length < 300;
      const bytes = coded ? encodeHuffman(string) : Buffer.from(string, "latin1");
      return Buffer.concat([lengthOf(bytes.byteLength, coded), bytes]);
    });
    const hasName = (kind & 0x0f) === 0;
    return Buffer.concat([Buffer.from(kind === 0x0f ? [kind, 20] : [kind]), ...(hasName ? strings : strings.slice(1))]);
  });
const piece = fc.oneof(
  { weight: 12, arbitrary: literal },
  { weight: 6, arbitrary: fc.integer({ min: 0x81, max: 0xbd }).map((byte) => Buffer.from([byte])) },
  { weight: 2, arbitrary: fc.integer({ min: 0xbe, max: 0xff }).map((byte) => Buffer.from([byte])) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("20", "3f45", "3fe11f", "3fe21f", "ff00", "ff808001", "0fffffffff7f")
      .map((hex) => Buffer.from(hex, "hex")),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)) },
);
/** One block in five has a byte changed, and one in five is cut off. */
const block = fc
  .tuple(fc.array(piece, { maxLength: 12 }), sometimes(fc.tuple(fc.nat(), fc.nat(255))), sometimes(fc.nat()))
  .map(([pieces, change, cut]) => {
    const bytes = Buffer.concat(pieces);
    if (change && bytes.byteLength > 0) bytes[change[0] % bytes.byteLength] = change[1];
    return cut === undefined ? bytes : bytes.subarray(0, cut % (bytes.byteLength + 1));
  });

describe("the decoder, given any bytes", () => {
  it("answers a list or throws HpackError, and keeps to its limits", () => {
    const seen = { answered: 0, compression: 0, list_too_large: 0 };
    const limits = fc.record({
      maxTableSize: fc.constantFrom(0, 40, 100, 4096),
      maxListSize: fc.constantFrom(0, 100, 5000),
    });
    fc.assert(
      fc.property(fc.array(block, { maxLength: 8 }), limits, (blocks, limits) => {
        const decoder = createHpackDecoder(limits);
        for (const bytes of blocks) {
          try {
            const { fields, neverIndexed } = decoder.decode(bytes, 0, bytes.byteLength);
            seen.answered++;
            assert.ok(sizeOf(fields) <= limits.maxListSize);
            for (const name of neverIndexed ?? []) assert.ok(fields.includes(name));
          } catch (error) {
            assert.ok(error instanceof HpackError, String(error));
            seen[error.kind]++;
            if (error.kind === "compression") return;
          }
        }
        // One field after the other is asked for, each with a list of its own, so the limit of lists must be as large as a field can be.
        if (limits.maxListSize >= limits.maxTableSize) assert.ok(sizeOf(tableOf(decoder)) <= limits.maxTableSize);
      }),
      { numRuns: 5000 },
    );
    for (const [outcome, count] of Object.entries(seen)) assert.ok(count > 200, `${outcome}: ${count}`);
  });

  it("is done with it soon, also where it is one byte again and again", () => {
    for (let byte = 0; byte < 256; byte++) {
      const bytes = Buffer.alloc(100_000, byte);
      const decoder = createHpackDecoder({ maxTableSize: 4096, maxListSize: 65_536 });
      const start = performance.now();
      try {
        // Updates of the table's size alone are a block too, with an empty list.
        assert.deepEqual(decoder.decode(bytes, 0, bytes.byteLength).fields, []);
        assert.ok(byte >= 0x20 && byte < 0x40);
      } catch (error) {
        assert.ok(error instanceof HpackError, String(error));
      }
      // It takes some milliseconds. Were anything quadratic, it would be many seconds.
      assert.ok(performance.now() - start < 2_000, `byte ${byte}`);
    }
  });
});

/** The length before a string. */
function lengthOf(length: number, huffman: boolean): Buffer {
  const flag = huffman ? 0x80 : 0;
  if (length < 127) return Buffer.from([flag | length]);
  const rest = length - 127;
  return Buffer.from([flag | 127, (rest & 127) | 128, ((rest >> 7) & 127) | 128, rest >> 14]);
}
