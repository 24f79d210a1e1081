import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createHpackEncoder } from "./index.ts";
import { newPair } from "./test/pair.ts";
import { tableOf } from "./test/table-of.ts";

describe("the encoder tells its peer the size of the table", () => {
  const cases: readonly { title: string; own?: number; sets: readonly number[]; sends: readonly string[] }[] = [
    { title: "not, where it is what it was", sets: [], sends: [] },
    { title: "not, where the peer repeats what it was", sets: [4096], sends: [] },
    { title: "not, where the peer would allow more than is used", sets: [65_536], sends: [] },
    { title: "when it uses less than the peer allows", own: 100, sets: [], sends: ["size 100"] },
    { title: "when it uses nothing", own: 0, sets: [], sends: ["size 0"] },
    { title: "when the peer allows more, and it is used", own: 65_536, sets: [10_000], sends: ["size 10000"] },
    { title: "when the peer allows less", sets: [100], sends: ["size 100"] },
    {
      title: "none and the last, where it was smaller in between",
      sets: [300, 100, 200],
      sends: ["size 0", "size 200"],
    },
    { title: "also where it is back at what it was", sets: [100, 4096], sends: ["size 0", "size 4096"] },
    { title: "the last alone, where it is the smallest", sets: [300, 200], sends: ["size 200"] },
    { title: "the last alone, where all are larger", own: 65_536, sets: [9000, 8000], sends: ["size 8000"] },
  ];
  for (const { title, own = 4096, sets, sends } of cases) {
    it(title, () => {
      const { encoder, decoder, send } = newPair({ maxTableSize: own });
      for (const size of sets) encoder.setMaxTableSize(size);
      for (const size of sets) decoder.setMaxTableSize(size);
      assert.deepEqual(send([":method", "GET"]), [...sends, "index 2"]);
      assert.deepEqual(send([":method", "GET"]), ["index 2"]);
    });
  }

  it("and drops what no longer fits", () => {
    const { encoder, decoder, send } = newPair();
    send(["a", "1", "b", "1", "c", "1"]);
    for (const side of [encoder, decoder]) side.setMaxTableSize(70);
    assert.deepEqual(send(["c", "1", "b", "1", ":method", "GET"]), ["size 70", "index 62", "index 63", "index 2"]);
    assert.deepEqual(tableOf(decoder), ["c", "1", "b", "1"]);
    for (const side of [encoder, decoder]) side.setMaxTableSize(0);
    assert.deepEqual(send(["c", "1"]), ["size 0", "plain"]);
    for (const side of [encoder, decoder]) side.setMaxTableSize(4096);
    assert.deepEqual(send(["c", "1"]), ["size 4096", "add"]);
  });

  it("and empties it where it was smaller in between, since Go refuses a second update while there are fields", () => {
    const { encoder, decoder, send } = newPair();
    send(["a", "1", "b", "1"]);
    for (const size of [100, 200]) for (const side of [encoder, decoder]) side.setMaxTableSize(size);
    assert.deepEqual(send(["b", "1"]), ["size 0", "size 200", "add"]);
    assert.deepEqual(tableOf(decoder), ["b", "1"]);
  });

  it("but not one beyond 1 MiB", () => {
    assert.throws(() => createHpackEncoder({ maxTableSize: 2 ** 20 + 1 }), {
      name: "RangeError",
      message: "maxTableSize: 1048577 bytes, where 1048576 is the most",
    });
  });
});
