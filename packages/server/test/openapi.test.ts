import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { forSuite } from "./harness/cleanup.ts";
import { startServer, type TestServer } from "./harness/server.ts";

const ACTION = "zitadel.action.v3alpha";

/** The contract's table: verb, path, RPC, status of the success, whether there is a body, permission. */
const OPERATIONS: readonly (readonly [
  verb: string,
  path: string,
  rpc: string,
  status: number,
  hasBody: boolean,
  permission: string,
])[] = [
  ["post", "/v3alpha/targets", "CreateTarget", 201, true, "execution.target.write"],
  ["put", "/v3alpha/targets/{target_id}", "UpdateTarget", 200, true, "execution.target.write"],
  ["delete", "/v3alpha/targets/{target_id}", "DeleteTarget", 200, false, "execution.target.delete"],
  ["post", "/v3alpha/targets/search", "ListTargets", 200, true, "execution.target.read"],
  ["get", "/v3alpha/targets/{target_id}", "GetTargetByID", 200, false, "execution.target.read"],
  ["put", "/v3alpha/executions", "SetExecution", 200, true, "execution.write"],
  ["delete", "/v3alpha/executions", "DeleteExecution", 200, true, "execution.delete"],
  ["post", "/v3alpha/executions/search", "ListExecutions", 200, true, "execution.read"],
  ["get", "/v3alpha/executions/functions", "ListExecutionFunctions", 200, false, "execution.read"],
  ["get", "/v3alpha/executions/methods", "ListExecutionMethods", 200, false, "execution.read"],
  ["get", "/v3alpha/executions/services", "ListExecutionServices", 200, false, "execution.read"],
];

describe("GET /openapi.json", () => {
  let server: TestServer;
  let document: any;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
    const answer = await server.request("GET", "/openapi.json", undefined, { token: null });
    assert.deepEqual([answer.status, answer.headers.get("content-type")], [200, "application/json"]);
    document = answer.body;
  });

  it("is OpenAPI 3.1, by a validator that others wrote", async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document));
    assert.deepEqual(errors, undefined);
    assert.equal(valid, true);
    assert.equal(validator.version, "3.1");
    const broken = structuredClone(document);
    broken.paths["/v3alpha/executions"].put.responses = [];
    assert.equal((await new Validator().validate(broken)).valid, false, "the validator finds what is wrong");
  });

  it("says which program it describes, and how callers prove themselves", () => {
    assert.equal(document.info.title, "Interpose");
    assert.match(document.info.version, /^\d+\.\d+\.\d+/);
    assert.deepEqual(document.security, [{ bearer: [] }]);
    assert.deepEqual(document.components.securitySchemes.bearer, { type: "http", scheme: "bearer" });
  });

  for (const [verb, path, rpc, status, hasBody, permission] of OPERATIONS) {
    it(`describes ${verb.toUpperCase()} ${path}`, () => {
      const operation = document.paths[path][verb];
      assert.equal(operation.operationId, `${ACTION}.ActionService.${rpc}`);
      assert.deepEqual(Object.keys(operation.responses), [String(status), "default"]);
      const success = operation.responses[status].content["application/json"].schema;
      assert.deepEqual(success, { $ref: `#/components/schemas/${ACTION}.${rpc}Response` });
      assert.deepEqual(operation.responses.default, { $ref: "#/components/responses/error" });
      const request = operation.requestBody?.content["application/json"].schema;
      assert.deepEqual(request, hasBody ? { $ref: `#/components/schemas/${ACTION}.${rpc}Request` } : undefined);
      assert.deepEqual(
        (operation.parameters ?? []).map(({ name, in: place, required }: any) => [name, place, required]),
        path.includes("{") ? [["target_id", "path", true]] : [],
      );
      assert.match(operation.description, new RegExp(`Needs the permission \`${permission}\``));
      assert.ok(operation.summary, "it says what it does");
    });
  }

  it("describes the eleven operations of the action API and no others below their prefix", () => {
    const found = Object.entries<object>(document.paths)
      .filter(([path]) => path.startsWith("/v3alpha/"))
      .flatMap(([path, verbs]) => Object.keys(verbs).map((verb) => `${verb} ${path}`));
    assert.deepEqual(found.sort(), OPERATIONS.map(([verb, path]) => `${verb} ${path}`).sort());
  });

  for (const [version, count] of [
    ["v2beta", 10],
    ["v2", 15],
  ] as const) {
    it(`describes the ${count} operations of zitadel.action.${version}`, () => {
      const found = Object.entries<object>(document.paths).filter(([path]) => path.startsWith(`/${version}/actions/`));
      assert.equal(found.flatMap(([, verbs]) => Object.keys(verbs)).length, count);
      const { get, post } = document.paths[`/${version}/actions/targets/{id}`];
      assert.equal(post.operationId, `zitadel.action.${version}.ActionService.UpdateTarget`);
      assert.match(get.description, /Needs the permission `action\.target\.read`/);
      const list = document.paths[`/${version}/actions/executions/functions`].get;
      assert.match(list.description, /Needs a token, and no permission/);
    });
  }

  it("describes how CloudEvents are published, which no message has the shape of", () => {
    const { get, post } = document.paths["/v1/events"];
    assert.equal(get.operationId, "interpose.v1.EventService.ListEvents");
    assert.equal(post.operationId, "interpose.v1.EventService.PublishEvents.cloudEvents");
    assert.match(post.description, /Needs the permission `event\.publish`/);
    assert.deepEqual(Object.keys(post.requestBody.content), [
      "application/json",
      "application/cloudevents+json",
      "application/cloudevents-batch+json",
    ]);
    assert.deepEqual(post.requestBody.content["application/cloudevents+json"].schema.required, [
      "specversion",
      "id",
      "source",
      "type",
    ]);
    const place = { $ref: "#/components/schemas/interpose.v1.PublishedEvent" };
    assert.deepEqual(post.responses["202"].content["application/json"].schema, {
      oneOf: [place, { type: "array", items: place }],
    });
    assert.ok("interpose.v1.PublishedEvent" in document.components.schemas);
  });

  it("describes errors as google.rpc.Status", () => {
    const { schema } = document.components.responses.error.content["application/json"];
    assert.deepEqual(schema, { $ref: "#/components/schemas/google.rpc.Status" });
    assert.deepEqual(Object.keys(document.components.schemas["google.rpc.Status"].properties), [
      "code",
      "message",
      "details",
    ]);
  });

  it("describes only what is served", async () => {
    for (const [path, verbs] of Object.entries<object>(document.paths)) {
      for (const verb of Object.keys(verbs)) {
        const concrete = path.replace(/\{[^}]+\}/g, "404");
        const { body } = await server.request(
          verb.toUpperCase(),
          // All streams refuse an id that long, where they would not end.
          verb === "get" ? `${concrete}?targetId=${"1".repeat(201)}` : concrete,
          verb === "get" || verb === "delete" ? undefined : {},
        );
        const reasons = (body.details ?? []).map?.(({ reason }: any) => reason) ?? [];
        assert.ok(!reasons.includes("PATH_NOT_FOUND") && !reasons.includes("VERB_NOT_ALLOWED"), `${verb} ${path}`);
      }
    }
  });

  it("names the fields as they come in answers", async () => {
    const { body } = await server.request("POST", "/v3alpha/targets", {
      name: "a",
      endpoint: "https://example.com",
      timeout: "1s",
      restCall: {},
    });
    const read = await server.request("GET", `/v3alpha/targets/${body.id}`);
    const { properties } = document.components.schemas[`${ACTION}.Target`];
    for (const name of Object.keys(read.body.target)) assert.ok(name in properties, name);
    assert.ok(
      "Condition" in document.components.schemas[`${ACTION}.Execution`].properties,
      "with a capital, as the contract has it",
    );
  });
});
