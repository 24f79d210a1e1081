import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ActionService } from "../gen/zitadel/action/v3alpha/action_service_pb.js";
import { TokenService } from "../gen/interpose/v1/token_service_pb.js";
import { Things } from "../../test/things.ts";
import { InterposeError } from "@interpose/engine";
import { createRoutes } from "./routes.ts";

const ROUTES = createRoutes([ActionService, TokenService, Things]);

/** What a request line leads to: the method with its path variables, the verbs that would do, or nothing. */
function check(line: string): string {
  const [verb = "", path = ""] = line.split(" ");
  const match = ROUTES.match(verb, path);
  if (match.kind === "wrong_verb") return `use ${match.allowed.join(", ")}`;
  if (match.kind === "not_found") return "nothing";
  const variables = match.variables.map(({ fields, text }) => `${fields.map(({ name }) => name).join(".")}=${text}`);
  return [match.route.method.name, ...variables].join(" ");
}

describe("Routes.match()", () => {
  const cases: readonly [line: string, leadsTo: string][] = [
    ["PUT /v3alpha/executions", "SetExecution"],
    ["DELETE /v3alpha/executions", "DeleteExecution"],
    ["POST /v3alpha/executions", "use DELETE, PUT"],
    ["GET /v3alpha/executions/functions", "ListExecutionFunctions"],
    ["POST /v3alpha/executions/search", "ListExecutions"],
    ["GET /v3alpha/targets/12", "GetTargetByID target_id=12"],
    ["GET /v3alpha/targets/search", "GetTargetByID target_id=search"],
    ["POST /v3alpha/targets/search", "ListTargets"],
    ["POST /v3alpha/targets/12", "use DELETE, GET, PUT"],
    ["GET /v3alpha/targets/", "nothing"],
    ["GET /v3alpha/targets/1/2", "nothing"],
    ["GET /v3alpha//targets/1", "nothing"],
    ["GET /v3alpha", "nothing"],
    ["GET /", "nothing"],
    ["POST /v1/tokens/7:revoke", "RevokeToken id=7"],
    ["POST /v1/tokens/a:b:revoke", "RevokeToken id=a:b"],
    ["GET /v1/tokens/7:revoke", "use POST"],
    ["POST /v1/tokens/7:other", "nothing"],
    ["POST /v1/tokens/:revoke", "nothing"],
    ["GET /v3alpha/targets/a%20b%2Fc%C3%BC", "GetTargetByID target_id=a b/cü"],
    ["GET /v3alpha/t%61rgets/1", "GetTargetByID target_id=1"],
    ["GET /v1/shelves/1/things/2", "Get name=shelves/1/things/2"],
    ["GET /v1/shelves/a%2Fb/things/%20", "Get name=shelves/a%2Fb/things/ "],
    ["GET /v1/things/x", "Get text=x"],
    ["GET /v1/all", "Get"],
    ["REPORT /v1/things", "Get"],
    ["PUT /v1/things/x", "Put text=x"],
    ["POST /v1/files/a/b/c:copy", "Post inner.label=files/a/b/c"],
    ["POST /v1/files/a:copy", "Post inner.label=files/a"],
    ["POST /v1/files/a/b", "nothing"],
    ["GET /files/a/b%2Fc/d", "Tail name=a/b%2Fc/d"],
    ["GET /files/a", "Tail name=a"],
  ];
  for (const [line, leadsTo] of cases) it(`leads ${line} to ${leadsTo}`, () => assert.equal(check(line), leadsTo));

  for (const path of ["/v3alpha/targets/%", "/v3alpha/targets/%zz", "/v3alpha/targets/%C3"]) {
    it(`refuses the malformed escape in ${path}`, () => {
      assert.throws(
        () => ROUTES.match("GET", path),
        (error) => error instanceof InterposeError && error.reason === "bad_request",
      );
    });
  }
});

describe("createRoutes()", () => {
  it("refuses two bindings for the same paths, and names both", () => {
    assert.throws(() => createRoutes([TokenService, TokenService]), /CreateToken \(\/v1\/tokens\) and .*CreateToken/);
  });

  it("takes the status of a success from the method's rules", () => {
    const statusOf = (name: string): number | undefined =>
      ROUTES.all.find(({ method }) => method.name === name)?.successStatus;
    assert.equal(statusOf("CreateTarget"), 201);
    assert.equal(statusOf("SetExecution"), 200);
  });

  it("gives a method without a binding no route", () => {
    assert.ok(!ROUTES.all.some(({ method }) => method.name === "Unbound"));
  });
});
