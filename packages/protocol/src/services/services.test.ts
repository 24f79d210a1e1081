import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Things } from "../../test/things.ts";
import { ServerReflectionRequestSchema } from "../gen/grpc/reflection/v1/reflection_pb.js";
import { ActionService } from "../gen/zitadel/action/v3alpha/action_service_pb.js";
import { TokenService } from "../gen/interpose/v1/token_service_pb.js";
import { createServiceCatalog } from "./catalog.ts";
import { methodRules } from "./method-rules.ts";
import { createReflection } from "./reflection.ts";

describe("methodRules()", () => {
  // The table of the contract, row by row.
  const permissions: readonly [rpc: string, permission: string, status: number][] = [
    ["CreateTarget", "execution.target.write", 201],
    ["UpdateTarget", "execution.target.write", 200],
    ["DeleteTarget", "execution.target.delete", 200],
    ["ListTargets", "execution.target.read", 200],
    ["GetTargetByID", "execution.target.read", 200],
    ["SetExecution", "execution.write", 200],
    ["DeleteExecution", "execution.delete", 200],
    ["ListExecutions", "execution.read", 200],
    ["ListExecutionFunctions", "execution.read", 200],
    ["ListExecutionMethods", "execution.read", 200],
    ["ListExecutionServices", "execution.read", 200],
  ];
  for (const [i, [rpc, permission, successStatus]] of permissions.entries()) {
    it(`lets ${rpc} be called with ${permission}`, () => {
      const method = ActionService.methods.at(i) ?? assert.fail();
      assert.equal(method.name, rpc);
      assert.deepEqual(methodRules(method), { access: { kind: "permission", permission }, successStatus });
    });
  }

  it("refuses a method that does not say who may call it", () => {
    assert.throws(
      () => methodRules(Things.methods.at(0) ?? assert.fail()),
      /things\.v1\.Things\.Get does not say who may call it/,
    );
  });
});

describe("createServiceCatalog()", () => {
  it("sorts methods and services", () => {
    const { methods, services } = createServiceCatalog([ActionService, TokenService]);
    assert.deepEqual(services, ["interpose.v1.TokenService", "zitadel.action.v3alpha.ActionService"]);
    assert.deepEqual(methods, [...methods].sort());
    assert.ok(methods.includes("/zitadel.action.v3alpha.ActionService/SetExecution"));
  });
});

describe("createReflection()", () => {
  const reflection = createReflection([ActionService, TokenService]);
  const ask = (messageRequest: any, sent = new Set<string>()) =>
    reflection.answer(create(ServerReflectionRequestSchema, { messageRequest }), sent).messageResponse;

  it("lists services", () => {
    const answer = ask({ case: "listServices", value: "" });
    assert.ok(answer.case === "listServicesResponse");
    assert.deepEqual(
      answer.value.service.map(({ name }) => name),
      ["interpose.v1.TokenService", "zitadel.action.v3alpha.ActionService"],
    );
  });

  const symbols = [
    "zitadel.v1.ErrorDetail",
    "google.rpc.BadRequest",
    "google.rpc.ErrorInfo",
    "zitadel.action.v3alpha.ActionService",
    "zitadel.action.v3alpha.ActionService.SetExecution",
    "zitadel.action.v3alpha.SetExecutionRequest",
    "zitadel.action.v3alpha.SetExecutionRequest.condition",
    "zitadel.action.v3alpha.FIELD_NAME_ID",
  ];
  for (const symbol of symbols) {
    it(`sends all files that ${symbol} needs, its own first`, () => {
      const answer = ask({ case: "fileContainingSymbol", value: symbol });
      assert.ok(answer.case === "fileDescriptorResponse");
      const file = answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
      assert.match(symbol, new RegExp(`^${file[0]?.package}\\.`));
      // The registry throws when an import is missing.
      const ordered = create(FileDescriptorSetSchema, { file: [...file.slice(1), ...file.slice(0, 1)] });
      assert.ok([...createFileRegistry(ordered)].length > 0);
    });
  }

  it("does not send a stream the same imports again", () => {
    const sent = new Set<string>();
    const first = ask({ case: "fileContainingSymbol", value: "zitadel.action.v3alpha.ActionService" }, sent);
    const second = ask({ case: "fileContainingSymbol", value: "zitadel.action.v3alpha.ActionService" }, sent);
    assert.ok(first.case === "fileDescriptorResponse" && second.case === "fileDescriptorResponse");
    assert.ok(first.value.fileDescriptorProto.length > 5);
    assert.equal(second.value.fileDescriptorProto.length, 1);
  });

  it("finds extensions", () => {
    const numbers = ask({ case: "allExtensionNumbersOfType", value: "google.protobuf.MethodOptions" });
    assert.ok(numbers.case === "allExtensionNumbersResponse");
    assert.deepEqual(numbers.value.extensionNumber, [51871, 72295728]);
    const file = ask({
      case: "fileContainingExtension",
      value: { containingType: "google.protobuf.MethodOptions", extensionNumber: 51871 },
    });
    assert.equal(file.case, "fileDescriptorResponse");
  });

  for (const request of [
    { case: "fileByFilename", value: "no.proto" },
    { case: "fileContainingSymbol", value: "no.Symbol" },
    { case: "allExtensionNumbersOfType", value: "no.Type" },
    { case: undefined },
  ]) {
    it(`answers "not found" to ${JSON.stringify(request)}`, () => {
      const answer = ask(request);
      assert.ok(answer.case === "errorResponse");
      assert.equal(answer.value.errorCode, 5);
    });
  }
});
