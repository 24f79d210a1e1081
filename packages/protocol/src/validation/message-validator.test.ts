import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromJson, type DescMessage, type JsonValue } from "@bufbuild/protobuf";
import { InterposeError, type Violation } from "@interpose/engine";
import { CreateTokenRequestSchema } from "../gen/interpose/v1/token_service_pb.js";
import {
  CreateTargetRequestSchema,
  ListExecutionsRequestSchema,
  SetExecutionRequestSchema,
  UpdateTargetRequestSchema,
} from "../gen/zitadel/action/v3alpha/action_service_pb.js";
import { createMessageValidator } from "./message-validator.ts";

const VALIDATOR = createMessageValidator();

function check(schema: DescMessage, json: JsonValue): readonly Violation[] {
  try {
    VALIDATOR.validate(schema, fromJson(schema, json));
    return [];
  } catch (error) {
    assert.ok(error instanceof InterposeError, String(error));
    assert.equal(error.reason, "validation_failed");
    return error.violations;
  }
}

const TARGET = { name: "a", endpoint: "https://example.com", timeout: "1s", restAsync: {} };

describe("createMessageValidator()", () => {
  const bad: readonly { name: string; schema: DescMessage; json: JsonValue; field: string; says: RegExp }[] = [
    {
      name: "an empty name",
      schema: CreateTargetRequestSchema,
      json: { ...TARGET, name: "" },
      field: "name",
      says: /at least 1.*given: ""/,
    },
    {
      name: "a name of 201 characters",
      schema: CreateTargetRequestSchema,
      json: { ...TARGET, name: "ü".repeat(201) },
      field: "name",
      says: /200.*given: "ü{60}"… \(201 characters\)/,
    },
    {
      name: "no timeout",
      schema: CreateTargetRequestSchema,
      json: { ...TARGET, timeout: null },
      field: "timeout",
      says: /required.*given: nothing/,
    },
    {
      name: "a timeout of nothing",
      schema: CreateTargetRequestSchema,
      json: { ...TARGET, timeout: "0s" },
      field: "timeout",
      says: /greater than.*given: "0s"/,
    },
    {
      name: "an endpoint that is no URI",
      schema: CreateTargetRequestSchema,
      json: { ...TARGET, endpoint: "nope" },
      field: "endpoint",
      says: /URI.*given: "nope"/,
    },
    {
      name: "no type",
      schema: CreateTargetRequestSchema,
      json: { name: "a", endpoint: "https://example.com", timeout: "1s" },
      field: "target_type",
      says: /required.*given: nothing/,
    },
    {
      name: "an empty new name",
      schema: UpdateTargetRequestSchema,
      json: { targetId: "1", name: "" },
      field: "name",
      says: /at least 1/,
    },
    {
      name: "a condition that is missing",
      schema: SetExecutionRequestSchema,
      json: {},
      field: "condition",
      says: /required/,
    },
    {
      name: "a condition without a kind",
      schema: SetExecutionRequestSchema,
      json: { condition: {} },
      field: "condition.condition_type",
      says: /required/,
    },
    {
      name: "an include deep in the list",
      schema: SetExecutionRequestSchema,
      json: {
        condition: { event: { all: true } },
        targets: [{ target: "1" }, { include: { function: { name: "" } } }],
      },
      field: "targets[1].include.function.name",
      says: /at least 1/,
    },
    {
      name: "a query without a member",
      schema: ListExecutionsRequestSchema,
      json: { queries: [{}] },
      field: "queries[0].query",
      says: /required/,
    },
    {
      name: "an enum's number that is none",
      schema: ListExecutionsRequestSchema,
      json: { queries: [{ executionTypeQuery: { executionType: 9 } }] },
      field: "queries[0].execution_type_query.execution_type",
      says: /defined enum values/,
    },
    {
      name: "a token without anything that it may",
      schema: CreateTokenRequestSchema,
      json: { name: "a" },
      field: "",
      says: /role, permissions, or both/,
    },
    {
      name: "an expiry in the past",
      schema: CreateTokenRequestSchema,
      json: { name: "a", role: "ROLE_NONE", expireTime: "2020-01-01T00:00:00Z" },
      field: "expire_time",
      says: /now/,
    },
  ];
  for (const { name, schema, json, field, says } of bad) {
    it(`refuses ${name}, naming field, rule and what was given`, () => {
      const [violation] = check(schema, json);
      assert.equal(violation?.field, field);
      assert.match(violation.description, says);
      assert.match(violation.description, /\[[a-z0-9_.]+\]/);
    });
  }

  it("lets what keeps the rules pass, and what the contract does not forbid", () => {
    assert.deepEqual(check(CreateTargetRequestSchema, TARGET), []);
    assert.deepEqual(check(CreateTargetRequestSchema, { ...TARGET, name: "ü".repeat(200), timeout: "999999999s" }), []);
    assert.deepEqual(check(UpdateTargetRequestSchema, { targetId: "1" }), []);
    assert.deepEqual(check(SetExecutionRequestSchema, { condition: { request: {} }, targets: [{}] }), []);
  });

  it("names all violations, and counts them in the text", () => {
    assert.throws(
      () => VALIDATOR.validate(CreateTargetRequestSchema, fromJson(CreateTargetRequestSchema, {})),
      (error) => error instanceof InterposeError && error.violations.length >= 4 && /And \d more/.test(error.message),
    );
  });
});
