import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import fc from "fast-check";
import { forSuite } from "../../test/harness/cleanup.ts";
import { openTestDatabase } from "../../test/harness/postgres.ts";
import { arrayText, byteArrayText, joinedJson, textArrayText } from "./array-text.ts";
import type { Database } from "./database.ts";

describe("texts of arrays", () => {
  const suite = forSuite();
  let database: Database;
  before(async () => {
    database = await openTestDatabase(suite);
  });

  /** What PostgreSQL makes of a text, as the driver reads it. */
  async function read(expression: string, text: string): Promise<unknown> {
    const [row] = await database.query<{ readonly found: unknown }>({
      text: `select ${expression} as found`,
      values: [text],
    });
    return row?.found;
  }

  /** Whatever PostgreSQL can store. */
  const text = fc.oneof(
    fc.string({ unit: "binary" }).map((any) => any.replaceAll("\0", "")),
    fc.constantFrom("", "null", "NULL", '"', "\\", '\\"', "{}", "a,b", " "),
  );

  it("are read as the texts that they were made of", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(text), { maxLength: 20 }), async (texts) => {
        assert.deepEqual(await read("$1::text[]", textArrayText(texts)), texts);
      }),
      { numRuns: 50 },
    );
  });

  it("are read as numbers, booleans and bytes, or nothing", async () => {
    assert.deepEqual(await read("$1::float8[]", arrayText([1.5, null, -1e-7, undefined, 0])), [
      1.5,
      null,
      -1e-7,
      null,
      0,
    ]);
    assert.deepEqual(await read("$1::int8[]::text[]", arrayText([9_007_199_254_740_993n])), ["9007199254740993"]);
    assert.deepEqual(await read("$1::bool[]", arrayText([true, false, null])), [true, false, null]);
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => i % 256).subarray(7);
    assert.deepEqual(await read("$1::bytea[]", byteArrayText([bytes, undefined])), [Buffer.from(bytes), null]);
    assert.deepEqual(await read("$1::text[]", arrayText([])), []);
  });

  it("are taken apart into JSON", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.dictionary(text, text), { minLength: 1, maxLength: 10 }), async (values) => {
        const found = (await read(
          "string_to_array($1, chr(1))::json[]",
          joinedJson(values.map((value) => JSON.stringify(value))),
        )) as readonly object[];
        assert.deepEqual(JSON.parse(JSON.stringify(found)), JSON.parse(JSON.stringify(values)));
      }),
      { numRuns: 50 },
    );
  });
});
