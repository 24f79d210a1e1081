import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromJson } from "@bufbuild/protobuf";
import { StructSchema } from "@bufbuild/protobuf/wkt";
import { file_interpose_v1_delivery_service } from "../gen/interpose/v1/delivery_service_pb.js";
import { file_interpose_v1_execution_service } from "../gen/interpose/v1/execution_service_pb.js";
import { file_interpose_v1_function_service } from "../gen/interpose/v1/function_service_pb.js";
import { file_interpose_v1_target_service } from "../gen/interpose/v1/target_service_pb.js";
import { file_interpose_v1_token_service } from "../gen/interpose/v1/token_service_pb.js";
import { file_zitadel_action_v3alpha_action_service } from "../gen/zitadel/action/v3alpha/action_service_pb.js";
import { file_zitadel_action_v2_action_service } from "../gen/zitadel/action/v2/action_service_pb.js";
import { ExecutionOptionsSchema } from "../gen/interpose/v1/execution_service_pb.js";
import { createMessageValidator } from "../validation/index.ts";
import { sampleMessage } from "./sample.ts";

const FILES = [
  file_interpose_v1_delivery_service,
  file_interpose_v1_execution_service,
  file_interpose_v1_function_service,
  file_interpose_v1_target_service,
  file_interpose_v1_token_service,
  file_zitadel_action_v3alpha_action_service,
  file_zitadel_action_v2_action_service,
];

const OF_SEVERAL_FIELDS: ReadonlySet<string> = new Set([]);

describe("sampleMessage()", () => {
  for (const { services } of FILES) {
    for (const method of services.flatMap((service) => service.methods)) {
      it(`makes a request of ${method.parent.typeName}.${method.name} that fits its type`, () => {
        assert.doesNotThrow(() => fromJson(method.input, sampleMessage(method.input) as object as never));
      });
    }
  }

  it("fulfils rules that stand at fields", () => {
    const validator = createMessageValidator();
    for (const { services } of FILES) {
      for (const { input, name } of services.flatMap((service) => service.methods)) {
        // What rules of several fields together mean, only their text says.
        if (OF_SEVERAL_FIELDS.has(name)) continue;
        const message = fromJson(input, sampleMessage(input) as object as never);
        assert.doesNotThrow(() => validator.validate(input, message), name);
      }
    }
  });

  it("gives each field a value of its type", () => {
    assert.deepEqual(sampleMessage(ExecutionOptionsSchema), {
      runOnErrors: true,
      hiddenFields: ["hidden fields"],
      fifoBy: "fifo by",
      match: "MATCH_EXACT",
      shadowTargets: ["shadow targets"],
    });
  });

  it("writes types of Google's as JSON does", () => {
    assert.deepEqual(sampleMessage(StructSchema), { key: "value" });
  });
});
