import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { before, describe, it } from "node:test";
import fc from "fast-check";
import { createRoutes } from "@interpose/protocol";
import { loadDescriptors } from "../descriptors/index.ts";
import { blockOf } from "../protocols/fields.ts";
import { restMeaning, type RestMeaning, type RestRoutes } from "./rest-paths.ts";

const PROTOS = fileURLToPath(new URL("../../../../../protocol/test/proto", import.meta.url));

describe("restMeaning()", () => {
  let routes: RestRoutes;
  before(async () => {
    const { services } = await loadDescriptors({ kind: "path", path: PROTOS });
    routes = { exact: createRoutes(services), loose: createRoutes(services, { ignoreCase: true }) };
  });
  const meaningOf = (method: string, path: string, ...fields: string[]): RestMeaning =>
    restMeaning(routes, { method, path, scheme: "http", authority: "", contentLength: -1 }, blockOf(fields));
  const FORM = ["content-type", "application/x-www-form-urlencoded; charset=utf-8"];
  const OVERRIDE = ["x-http-method-override", "get"];

  const cases: readonly {
    line: string;
    fields?: readonly string[];
    means: string | undefined;
    others?: readonly string[];
  }[] = [
    { line: "GET /v1/things/x?a=%2F", means: "Get" },
    { line: "HEAD /v1/things/x", means: "Get" },
    { line: "GET /v1/things/a%2Fb", means: "Get" },
    { line: "GET /v1/%74hings/%66ixed", means: "Fixed" },
    { line: "GET /v1%2Fthings%2Fx", means: undefined, others: ["Get"] },
    { line: "POST /v1/files/a%3Acopy", means: undefined, others: ["Post"] },
    { line: "GET /v1/things/x%zz", means: undefined, others: ["Get"] },
    { line: "get /v1/all", means: undefined, others: ["Get"] },
    { line: "GET /v1/things/x/", means: undefined, others: ["Get"] },
    { line: "GET /V1/Things/x", means: undefined, others: ["Get"] },
    { line: "GET /v1/x/../things/y", means: undefined, others: ["Get"] },
    { line: "GET //host/v1/things/y", means: undefined, others: ["Get"] },
    { line: "GET /v1/things;a=1/x", means: undefined, others: ["Get"] },
    { line: "GET /v1/things/x", means: "Get" },
    { line: "POST /v1/all", means: undefined },
    { line: "POST /v1/all", fields: FORM, means: undefined, others: ["Get"] },
    { line: "POST /v1/all", fields: OVERRIDE, means: undefined, others: ["Get"] },
    { line: "POST /v1/uploads", fields: [...FORM, ...OVERRIDE], means: "Upload" },
    { line: "GET /v1/all", fields: ["x-http-method-override", "put"], means: "Get" },
  ];
  for (const { line, fields = [], means, others = [] } of cases) {
    it(`takes ${line}${fields.length === 0 ? "" : ` with ${fields.join(" ")}`} for ${means ?? "nothing"}${others.map((each) => `, perhaps ${each}`).join("")}`, () => {
      const [method = "", path = ""] = line.split(" ");
      const meaning = meaningOf(method, path, ...fields);
      assert.equal(meaning.match.kind === "found" ? meaning.match.route.method.name : undefined, means);
      assert.deepEqual([...new Set(meaning.others.map(({ name }) => name))], others);
    });
  }

  it("never breaks", () => {
    const part = fc.oneof(
      fc.constantFrom("v1", "things", "%", "%2F", "%C3", "%zz", ":copy", "é", "\ud800", ".."),
      fc.string(),
    );
    fc.assert(fc.property(fc.array(part), (parts) => void meaningOf("POST", `/${parts.join("/")}`, ...OVERRIDE)));
  });
});
