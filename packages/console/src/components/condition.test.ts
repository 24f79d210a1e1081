import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create } from "@bufbuild/protobuf";
import { ConditionSchema } from "@interpose/protocol/gen/zitadel/action/v3alpha/execution_pb";
import { conditionFromProto, conditionId, conditionToProto, conditionWords, parseConditionId } from "./condition.ts";

describe("a condition", () => {
  const cases = [
    { id: "request", words: "Every request" },
    { id: "response/shop.v1.Shop", words: "Every response of shop.v1.Shop" },
    { id: "request/shop.v1.Shop/Order", words: "Requests of Order in shop.v1.Shop" },
    { id: "function/preuserinfo", words: "Invocations of preuserinfo" },
    { id: "event", words: "Every event" },
    { id: "event/user.human.added", words: "Events user.human.added" },
    { id: "event/user.human.*", words: "Every event below user.human" },
  ];
  for (const { id, words } of cases) {
    it(`is read from ${id}, said in words, and comes back from the API`, () => {
      const parts = parseConditionId(id);
      assert.ok(parts);
      assert.equal(conditionId(parts), id);
      assert.equal(conditionWords(parts), words);
      assert.deepEqual(conditionFromProto(create(ConditionSchema, conditionToProto(parts))), parts);
    });
  }

  for (const id of ["", "other", "function", "request/", "request/a//b", "request/a/b/c", "event/a/b", "event/.*"])
    it(`is not read from "${id}"`, () => assert.equal(parseConditionId(id), undefined));
});
