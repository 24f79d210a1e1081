// What goes out of a table must not stay in memory: a gateway has thousands of connections, for months.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ByteWriter, createHpackDecoder, createHpackEncoder } from "./index.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** How many bytes more are in use after some work than before, while its result is held. */
function growthOf(work: () => unknown): number {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const result = work();
  collectGarbage();
  const growth = process.memoryUsage().heapUsed - before;
  assert.ok(result);
  return growth;
}

describe("memory of HPACK", () => {
  it("a table lets go of the fields that were pushed out", () => {
    const source = createHpackEncoder({ maxTableSize: 4096 });
    const out = new ByteWriter();
    const ends = [0];
    for (let i = 0; i < 300; i++) {
      source.encode([`x-${i}`, "v".repeat(2900)], undefined, out);
      ends.push(out.length);
    }
    // 128 fields of 2,900 bytes in each of 50 tables would be 18 MB.
    const growth = growthOf(() =>
      Array.from({ length: 50 }, () => {
        const decoder = createHpackDecoder({ maxTableSize: 4096, maxListSize: 65_536 });
        for (let i = 0; i < 300; i++) decoder.decode(out.bytes, ends[i] ?? 0, ends[i + 1] ?? 0);
        return decoder;
      }),
    );
    assert.ok(growth < 2_000_000, `${growth} bytes`);
  });

  it("an encoder lets go of names that were pushed out", () => {
    const out = new ByteWriter();
    // 200,000 names would be some 16 MB.
    const growth = growthOf(() => {
      const encoder = createHpackEncoder({ maxTableSize: 4096 });
      for (let i = 0; i < 200_000; i++) {
        out.length = 0;
        encoder.encode([`x-some-name-of-a-header-${i}`, "1"], undefined, out);
      }
      return encoder;
    });
    assert.ok(growth < 2_000_000, `${growth} bytes`);
  });
});
