import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { ActionService } from "../gen/zitadel/action/v3alpha/action_service_pb.js";
import { TargetService } from "../gen/interpose/v1/target_service_pb.js";
import { TokenService } from "../gen/interpose/v1/token_service_pb.js";
import { accessNote } from "../services/method-rules.ts";
import { openApiDocument } from "./document.ts";

const DOCUMENT: any = JSON.parse(
  JSON.stringify(
    openApiDocument([ActionService, TokenService, TargetService], {
      title: "Interpose",
      version: "1",
      note: accessNote,
      files: fromBinary(FileDescriptorSetSchema, readFileSync(new URL("../gen/descriptors.binpb", import.meta.url)))
        .file,
    }),
  ),
);

const operations: any[] = Object.values(DOCUMENT.paths).flatMap((path: any) => Object.values(path));

describe("openApiDocument()", () => {
  it("describes SetExecution as the contract has it", () => {
    const set = DOCUMENT.paths["/v3alpha/executions"].put;
    assert.equal(set.operationId, "zitadel.action.v3alpha.ActionService.SetExecution");
    assert.match(set.description, /permission `execution\.write`/);
    assert.deepEqual(set.requestBody.content["application/json"].schema, {
      $ref: "#/components/schemas/zitadel.action.v3alpha.SetExecutionRequest",
    });
    assert.deepEqual(Object.keys(set.responses), ["200", "default"]);
    assert.ok(DOCUMENT.paths["/v3alpha/executions"].delete.requestBody, "DELETE has a body");
    assert.ok(DOCUMENT.paths["/v3alpha/targets"].post.responses["201"]);
    assert.ok(DOCUMENT.paths["/v1/tokens/{id}:revoke"].post);
    assert.ok(DOCUMENT.components.schemas["zitadel.action.v3alpha.Execution"].properties.Condition, "with a capital");
  });

  it("brings comments and rules of the protos along", () => {
    const name = DOCUMENT.components.schemas["zitadel.action.v3alpha.CreateTargetRequest"].properties.name;
    assert.deepEqual([name.minLength, name.maxLength], [1, 200]);
    assert.match(name.description, /unique but for upper and lower case/);
  });

  it("names each operation once", () => {
    const ids = operations.map(({ operationId }) => operationId);
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(ids.length, 23);
  });

  it("refers to nothing that is not there", () => {
    const references = [...JSON.stringify(DOCUMENT).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = ""]) =>
      path.split("/"),
    );
    assert.ok(references.length > 50);
    for (const path of references)
      assert.ok(
        path.reduce((node: any, key) => node?.[key], DOCUMENT),
        path.join("/"),
      );
  });

  it("declares each variable of a path", () => {
    for (const [path, verbs] of Object.entries<any>(DOCUMENT.paths)) {
      const variables = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
      for (const { parameters = [] } of Object.values<any>(verbs)) {
        assert.deepEqual(
          parameters.filter((each: any) => each.in === "path").map((each: any) => each.name),
          variables,
          path,
        );
      }
    }
  });
});
