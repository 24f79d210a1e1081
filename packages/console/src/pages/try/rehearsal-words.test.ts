import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create } from "@bufbuild/protobuf";
import { RehearseRunsResponseSchema } from "@interpose/protocol/gen/interpose/v1/try_service_pb";
import { countVerdicts, summaryText } from "./rehearsal-words.ts";

describe("countVerdicts()", () => {
  it("counts what could not be repeated for itself, whatever else is said of it", () => {
    const results = [{ isSame: true }, { isSame: true }, {}, { isSame: true, skippedBecause: "too large" }];
    assert.deepEqual(countVerdicts(results.map((each) => create(RehearseRunsResponseSchema, each))), {
      same: 2,
      different: 1,
      skipped: 1,
    });
  });
});

describe("summaryText()", () => {
  for (const [counts, text] of [
    [{ same: 0, different: 0, skipped: 0 }, "No run was repeated."],
    [{ same: 2, different: 1, skipped: 0 }, "1 run would have been different, 2 runs the same."],
    [{ same: 0, different: 0, skipped: 1200 }, "1,200 runs could not be repeated."],
  ] as const) {
    it(`says ${text}`, () => assert.equal(summaryText(counts), text));
  }
});
