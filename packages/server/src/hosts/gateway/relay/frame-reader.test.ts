import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { frame } from "../../../../test/harness/http2-bytes.ts";
import { FrameReader } from "./frame-reader.ts";
import { ConnectionError } from "./http2-error.ts";

function read(chunks: readonly Buffer[], maxFrame = 16_384): readonly string[] {
  const seen: string[] = [];
  const reader = new FrameReader(maxFrame, (type, flags, streamId, buffer, start, end) => {
    seen.push(`${type} ${flags} ${streamId} ${buffer.toString("hex", start, end)}`);
  });
  for (const chunk of chunks) reader.read(chunk);
  return seen;
}

describe("FrameReader", () => {
  it("reads the same frames however the bytes arrive", () => {
    const anyFrame = fc.record({
      type: fc.nat({ max: 255 }),
      flags: fc.nat({ max: 255 }),
      streamId: fc.nat({ max: 2 ** 31 - 1 }),
      payload: fc.uint8Array({ maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 8 }), fc.array(fc.nat({ max: 30 })), (frames, cuts) => {
        const bytes = Buffer.concat(frames.map((each) => frame(each.type, each.flags, each.streamId, each.payload)));
        const chunks: Buffer[] = [];
        let at = 0;
        for (const cut of [...cuts, bytes.byteLength]) {
          chunks.push(bytes.subarray(at, at + cut));
          at += cut;
        }
        const expected = frames.map(
          ({ type, flags, streamId, payload }) =>
            `${type} ${flags} ${streamId} ${Buffer.from(payload).toString("hex")}`,
        );
        assert.deepEqual(read(chunks), expected);
        assert.deepEqual(read([...bytes].map((byte) => Buffer.from([byte]))), expected);
      }),
    );
  });

  it("hands a payload on where it stands when only its header came before it", () => {
    const bytes = frame(0, 0, 1, Buffer.from("payload"));
    const rest = bytes.subarray(9);
    const seen: Buffer[] = [];
    const reader = new FrameReader(100, (_type, _flags, _streamId, buffer) => seen.push(buffer));
    reader.read(bytes.subarray(0, 9));
    reader.read(rest);
    assert.equal(seen[0], rest);
  });

  it("does not look at the reserved bit of a stream's number", () => {
    const bytes = frame(0, 0, 1);
    bytes.writeUInt32BE(0x8000_0001, 5);
    assert.deepEqual(read([bytes]), ["0 0 1 "]);
  });

  it("refuses a frame that is larger than allowed, as soon as its header is there", () => {
    const bytes = frame(0, 0, 1, Buffer.alloc(101));
    for (const chunks of [[bytes.subarray(0, 9)], [bytes.subarray(0, 5), bytes.subarray(5, 9)], [bytes]]) {
      assert.throws(
        () => read(chunks, 100),
        (error) =>
          error instanceof ConnectionError && error.code === 6 && error.message.includes("101 bytes, where 100"),
      );
    }
    assert.equal(read([frame(0, 0, 1, Buffer.alloc(100))], 100).length, 1);
  });
});
