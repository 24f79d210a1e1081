import { describe, it } from "node:test";
import { newDatabaseUrl } from "../../test/harness/postgres.ts";
import { assertLittleIsLeft } from "../../test/harness/survivors/index.ts";

// Its rows alone are 5 KB.
describe("what a database makes for a query that is over", () => {
  for (const inTransaction of [false, true]) {
    it(`goes with the collections of young objects, ${inTransaction ? "in a transaction" : "alone"}`, async (t) =>
      assertLittleIsLeft("queries", { url: await newDatabaseUrl(t), inTransaction }, 1_000));
  }
});
