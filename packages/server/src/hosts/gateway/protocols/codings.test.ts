import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CODING_NAMES, codingNames, compress, decompress, isKnownCoding, withKnownCodings } from "./codings.ts";

describe("codings", () => {
  for (const name of CODING_NAMES.filter((each) => each !== "identity")) {
    it(`${name} gives back what it was given, and no more than allowed`, async () => {
      const plain = Buffer.alloc(100_000, "tea ");
      const packed = (await compress(plain, name)) ?? assert.fail();
      assert.ok(packed.byteLength < 10_000);
      assert.deepEqual(Buffer.from(await decompress(packed, name, 100_000)), plain);
      await assert.rejects(decompress(packed, name, 99_999), { reason: "message_too_large" });
    });

    it(`${name} refuses what it has not written`, async () => {
      await assert.rejects(decompress(Buffer.from("no such thing"), name, 1_000), { reason: "body_malformed" });
    });
  }

  it("knows no others, and takes no name of an object's own members for one", async () => {
    for (const name of ["snappy", "constructor", "__proto__", ""]) {
      assert.equal(isKnownCoding(name), false);
      await assert.rejects(decompress(Buffer.alloc(1), name, 1_000), { reason: "coding_missing" });
    }
    await assert.rejects(decompress(Buffer.alloc(1), undefined, 1_000), { reason: "coding_missing" });
  });

  it("reads what is accepted, with weights", () => {
    assert.deepEqual(codingNames("gzip, br;q=0.5 , deflate; q=0, *;q=0.0,, ZSTD"), ["gzip", "br", "zstd"]);
  });

  it("asks for nothing that cannot be read", () => {
    const asking = (accepted: string): readonly string[] =>
      withKnownCodings({ fields: ["a", "b", "accept-encoding", accepted], neverIndexed: undefined }, "accept-encoding")
        .fields;
    assert.deepEqual(asking("snappy, gzip;q=0.5"), ["a", "b", "accept-encoding", "gzip;q=0.5"]);
    assert.deepEqual(asking("snappy"), ["a", "b", "accept-encoding", "identity"]);
    assert.deepEqual(asking("gzip"), ["a", "b", "accept-encoding", "gzip"]);
  });
});
