import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FrameReader } from "./frame-reader.ts";
import { FLAG, FRAME } from "./numbers.ts";
import { Output } from "./output.ts";

interface Written {
  readonly kind: "frame" | "copied" | "empty" | "reset" | "credit" | "take";
  readonly size: number;
}

describe("Output", () => {
  // An empty frame that did not fit into the block any more was written into the one before: what went out was whatever the memory held.
  it("gives back the frames that were appended, wherever they meet the end of a block", () => {
    const write: fc.Arbitrary<Written> = fc.record({
      kind: fc.constantFrom("frame", "copied", "empty", "empty", "empty", "reset", "credit", "take"),
      size: fc.oneof(fc.nat(40), fc.nat(16_384)),
    });
    fc.assert(
      fc.property(fc.array(write, { minLength: 1, maxLength: 400, size: "max" }), (writes) => {
        const output = new Output(() => undefined);
        const expected: string[] = [];
        const taken: Buffer[] = [];
        for (const [i, { kind, size }] of writes.entries()) {
          const streamId = i * 2 + 1;
          const payload = Buffer.alloc(size + 3, i);
          switch (kind) {
            case "frame":
            case "copied":
              output[kind === "frame" ? "frame" : "copiedFrame"](FRAME.DATA, 0, streamId, payload, 2, 2 + size);
              expected.push(`${FRAME.DATA} 0 ${streamId} ${payload.toString("latin1", 2, 2 + size)}`);
              break;
            case "empty":
              output.emptyFrame(FRAME.DATA, FLAG.END_STREAM, streamId);
              expected.push(`${FRAME.DATA} ${FLAG.END_STREAM} ${streamId} `);
              break;
            case "reset":
              output.rstStream(streamId, 8);
              expected.push(`${FRAME.RST_STREAM} 0 ${streamId} \0\0\0\x08`);
              break;
            case "credit":
              output.windowUpdate(streamId, 7);
              expected.push(`${FRAME.WINDOW_UPDATE} 0 ${streamId} \0\0\0\x07`);
              break;
            case "take":
              taken.push(...output.take());
          }
        }
        taken.push(...output.take());
        const frames: string[] = [];
        const reader = new FrameReader(16_384, (type, flags, streamId, bytes, start, end) => {
          frames.push(`${type} ${flags} ${streamId} ${bytes.toString("latin1", start, end)}`);
        });
        for (const chunk of taken) reader.read(chunk);
        assert.deepEqual(frames, expected);
      }),
      { numRuns: 50, endOnFailure: true },
    );
  });
});
