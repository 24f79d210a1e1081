import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { checkRefused, type RawBody, sendRaw } from "./harness/rest.ts";
import { startServer, type TestServer } from "./harness/server.ts";

const SEARCH = "/v3alpha/targets/search";

describe("a body over REST", () => {
  let server: TestServer;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
  });

  describe("refuses a body that", () => {
    const invalid = { status: 400, code: 3, reason: "BAD_REQUEST" };
    const cases: readonly { name: string; body: RawBody; says: RegExp; field?: string }[] = [
      { name: "is cut off", body: '{"query":', says: /^The body is not JSON: .*end of JSON/ },
      {
        name: "has a comma too many",
        body: '{"query": {"limit": 5,}}',
        says: /not JSON: .*position 22 \(line 1 column 23\)/,
      },
      { name: "has something behind it", body: "{} {}", says: /not JSON: .*position 3/ },
      { name: "has single quotes", body: "{'query':{}}", says: /not JSON: .*position 1/ },
      { name: "is a list", body: "[{}]", says: /^The request: expected a JSON object, not "a list"/, field: "" },
      { name: "is null", body: "null", says: /^The request: expected a JSON object, not "null"/, field: "" },
      { name: "is a number", body: "1", says: /expected a JSON object/, field: "" },
      {
        name: "is not UTF-8",
        body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
        says: /expected UTF-8/,
        field: "",
      },
      {
        name: "is Latin-1",
        body: Buffer.from('{"queries":[{"targetNameQuery":{"targetName":"größe"}}]}', "latin1"),
        says: /expected UTF-8/,
        field: "",
      },
      {
        name: "has half of a character",
        body: '{"queries":[{"targetNameQuery":{"targetName":"\\ud83d"}}]}',
        says: /queries\[0\]\.targetNameQuery\.targetName: expected a text of whole characters/,
        field: "queries[0].targetNameQuery.targetName",
      },
      {
        name: "has a text for a number",
        body: '{"query":{"limit":"many"}}',
        says: /^query\.limit: expected a whole number, not "many"/,
        field: "query.limit",
      },
      {
        name: "has a fraction for a whole number",
        body: '{"query":{"limit":1.5}}',
        says: /query\.limit: expected a whole number/,
        field: "query.limit",
      },
      {
        name: "has a number that is too large",
        body: '{"query":{"limit":4294967296}}',
        says: /query\.limit: .*from 0 to 4294967295/,
        field: "query.limit",
      },
      {
        name: "has a negative number of what cannot be",
        body: '{"query":{"offset":"-1"}}',
        says: /query\.offset: .*from 0/,
        field: "query.offset",
      },
      {
        name: "has a number for a message",
        body: '{"query":5}',
        says: /^query: expected a JSON object, not "a number"/,
        field: "query",
      },
      {
        name: "has an object for a list",
        body: '{"queries":{}}',
        says: /^queries: expected a list, not "an object"/,
        field: "queries",
      },
      {
        name: "has null in a list",
        body: '{"queries":[null]}',
        says: /^queries\[0\]: expected a JSON object, not "null"/,
        field: "queries[0]",
      },
      {
        name: "has a number for a text in a list",
        body: '{"queries":[{"inTargetIdsQuery":{"targetIds":["1",2]}}]}',
        says: /queries\[0\]\.inTargetIdsQuery\.targetIds\[1\]: expected a text/,
        field: "queries[0].inTargetIdsQuery.targetIds[1]",
      },
      {
        name: "has a text for true or false",
        body: '{"query":{"asc":"true"}}',
        says: /^query\.asc: expected true or false, not "true"/,
        field: "query.asc",
      },
      {
        name: "has an unknown name of an enum",
        body: '{"sortingColumn":"FIELD_NAME_AGE"}',
        says: /^sortingColumn: expected one of FIELD_NAME_UNSPECIFIED, .*, not "FIELD_NAME_AGE"/,
        field: "sortingColumn",
      },
      {
        name: "spells a field in both ways",
        body: '{"sortingColumn":1,"sorting_column":2}',
        says: /sorting_column: set multiple times/,
        field: "sorting_column",
      },
      {
        name: "is nested too deeply",
        body: `${'{"a":'.repeat(101)}1${"}".repeat(101)}`,
        says: /at most 100 levels of nesting/,
        field: "",
      },
      {
        name: "is nothing but brackets",
        body: "[".repeat(1_000_000),
        says: /at most 100 levels of nesting/,
        field: "",
      },
    ];
    for (const { name, body, says, field } of cases) {
      it(name, () => checkRefused(server, ["POST", SEARCH, body], { ...invalid, says, field }));
    }

    it("sets two fields of which one excludes the other", async () => {
      const answer = await sendRaw(
        server,
        "POST",
        SEARCH,
        '{"queries":[{"targetNameQuery":{},"inTargetIdsQuery":{}}]}',
      );
      assert.deepEqual([answer.status, answer.body.code], [400, 3]);
      assert.match(answer.body.message, /queries\[0\]/);
    });

    it("has a duration that is none", () =>
      checkRefused(
        server,
        [
          "POST",
          "/v3alpha/targets",
          '{"name":"a","endpoint":"https://example.com","timeout":"ten seconds","restAsync":{}}',
        ],
        {
          ...invalid,
          says: /^timeout: expected a duration such as "10s", not "ten seconds"/,
          field: "timeout",
        },
      ));

    it("has a character that cannot be stored", () =>
      checkRefused(
        server,
        [
          "POST",
          "/v3alpha/targets",
          '{"name":"a\\u0000","endpoint":"https://example.com","timeout":"1s","restAsync":{}}',
        ],
        {
          ...invalid,
          says: /character in it that cannot be stored/,
        },
      ));

    it("breaks a rule of the schema", () =>
      checkRefused(server, ["PUT", "/v3alpha/executions", '{"targets":[{"target":"1"}]}'], {
        status: 400,
        code: 3,
        reason: "VALIDATION_FAILED",
        says: /^condition: value is required/,
        field: "condition",
      }));
  });

  describe("accepts a body that", () => {
    const cases: readonly { name: string; body: string }[] = [
      { name: "is empty", body: "" },
      { name: "is blank", body: " \n" },
      { name: "begins with a byte order mark", body: "\ufeff{}" },
      { name: "has unknown fields, of whatever type", body: '{"unknown":{"deep":[1,null]},"query":{"unknown":"x"}}' },
      {
        name: "has keys that mean something in JavaScript",
        body: '{"__proto__":{"limit":1},"constructor":{"prototype":5},"toString":1,"query":{"__proto__":null}}',
      },
      { name: "has null for a field", body: '{"query":null,"sortingColumn":null}' },
      {
        name: "has the proto names",
        body: '{"sorting_column":"FIELD_NAME_NAME","queries":[{"target_name_query":{"target_name":"none"}}]}',
      },
      {
        name: "has the JSON names",
        body: '{"sortingColumn":"FIELD_NAME_NAME","queries":[{"targetNameQuery":{"targetName":"none"}}]}',
      },
      { name: "has a number for an enum", body: '{"sortingColumn":4}' },
      { name: "has 64-bit numbers as text or number", body: '{"query":{"offset":"0","limit":"1"}}' },
      // RFC 8259 leaves it open; here the last one counts, as in most parsers.
      { name: "has a key twice", body: '{"sortingColumn":"FIELD_NAME_AGE","sortingColumn":"FIELD_NAME_ID"}' },
      { name: "is nested as deeply as it may be", body: `${'{"a":'.repeat(99)}{}${"}".repeat(99)}` },
    ];
    for (const { name, body } of cases) {
      it(name, async () => {
        const { status, body: answer } = await sendRaw(server, "POST", SEARCH, body);
        assert.equal(status, 200, JSON.stringify(answer));
        assert.deepEqual(Object.keys(answer.details ?? {}).includes("timestamp"), true);
      });
    }

    it("takes nothing from the keys of JavaScript's own objects", async () => {
      const { body } = await sendRaw(
        server,
        "POST",
        "/v3alpha/targets",
        '{"__proto__":{"name":"a","endpoint":"https://a.b","timeout":"1s","restAsync":{}}}',
      );
      assert.match(body.message, /^name: /);
      assert.equal((await sendRaw(server, "GET", "/readyz")).status, 200);
    });
  });

  it("takes PUT and DELETE without a body for an empty message", async () => {
    const target = await createTarget(server, { endpoint: "https://example.com" });
    const refused = {
      status: 400,
      code: 3,
      reason: "VALIDATION_FAILED",
      says: /^condition: value is required/,
      field: "condition",
    };
    await checkRefused(server, ["PUT", "/v3alpha/executions"], refused);
    await checkRefused(server, ["DELETE", "/v3alpha/executions"], refused);
    assert.equal((await sendRaw(server, "PUT", `/v3alpha/targets/${target}`)).status, 200);
    assert.equal((await sendRaw(server, "DELETE", `/v3alpha/targets/${target}`)).status, 200);
  });
});
