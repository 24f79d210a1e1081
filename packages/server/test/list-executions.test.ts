import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { ExecutionType } from "@interpose/protocol/gen/zitadel/action/v3alpha/query_pb";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { actionClient } from "./harness/clients.ts";
import { assertInvalid, assertRefused, violationsOf } from "./harness/refusals.ts";
import { search } from "./harness/searches.ts";
import { ADMIN_TOKEN, startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";

const SERVICE = "zitadel.action.v3alpha.ActionService";
const BYPASS = { "interpose-bypass": "true" };

/** A condition of every form, by the name of the form. Their ids stand beside them, in the order of which the list is sorted. */
const CONDITIONS = {
  "all events": { event: { all: true } }, // event
  "an event": { event: { event: "user.human.added" } }, // event/user.human.added
  "a group": { event: { group: "user.machine" } }, // event/user.machine.*
  "a function": { function: { name: "preuserinfo" } }, // function/preuserinfo
  "all requests": { request: { all: true } }, // request
  "requests of a service": { request: { service: SERVICE } }, // request/SERVICE
  "requests of a method": { request: { method: methodName("ListTargets") } }, // request/SERVICE/ListTargets
  "all responses": { response: { all: true } }, // response
  "responses of a service": { response: { service: "grpc.health.v1.Health" } }, // response/grpc.health.v1.Health
  "responses of a method": { response: { method: methodName("ListTargets") } }, // response/SERVICE/ListTargets
};
type Form = keyof typeof CONDITIONS;
const FORMS = Object.keys(CONDITIONS) as Form[];
const isForm = (name: string): name is Form => name in CONDITIONS;

/** What each execution calls: targets by their names, and includes by the forms of their conditions. */
const LISTS: Readonly<Record<Form, readonly string[]>> = {
  "all events": ["first"],
  "an event": ["second", "first"],
  "a group": ["an event", "second"],
  "a function": ["second"],
  "all requests": ["first"],
  "requests of a service": ["first", "a function", "second"],
  "requests of a method": ["requests of a service"],
  "all responses": ["all requests"],
  "responses of a service": ["responses of a method", "a group"],
  "responses of a method": ["second"],
};

describe("POST /v3alpha/executions/search", () => {
  let server: TestServer;
  const targets = new Map<string, string>();
  const details = new Map<Form, unknown>();
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
    for (const name of ["first", "second"]) {
      targets.set(name, await createTarget(server, { name, endpoint: "https://example.com/", type: "restAsync" }));
    }
    // Set from the end, so that the order of the list is not that of setting; what is included comes first.
    const included: readonly Form[] = [
      "responses of a method",
      "all requests",
      "a function",
      "requests of a service",
      "an event",
      "a group",
    ];
    for (const form of [...included, ...FORMS.filter((each) => !included.includes(each)).reverse()]) {
      const list = LISTS[form].map((name) => (isForm(name) ? { include: CONDITIONS[name] } : idOf(name)));
      details.set(form, await setExecution(server, CONDITIONS[form], list));
    }
  });

  const idOf = (name: string): string => targets.get(name) ?? assert.fail(`there is no target "${name}"`);
  const formOf = (condition: unknown): string =>
    FORMS.find((form) => JSON.stringify(CONDITIONS[form]) === JSON.stringify(condition)) ?? JSON.stringify(condition);
  const post = (request: unknown): Promise<JsonAnswer> =>
    server.request("POST", "/v3alpha/executions/search", request, { headers: BYPASS });
  /** Forms of the executions that are found, in the order of the list. */
  const found = async (request: unknown): Promise<readonly string[]> =>
    ((await search(server, "executions", request)).result ?? []).map(({ Condition }) => formOf(Condition));
  /** Checks what queries find, and that as many are counted. */
  const check = async (queries: readonly unknown[], expected: readonly Form[]): Promise<void> => {
    assert.deepEqual(await found({ queries }), expected);
    const { details: listed } = await search(server, "executions", { queries, query: { limit: 1 } });
    assert.equal(listed.totalResult ?? "0", String(expected.length));
  };

  for (const form of FORMS) {
    it(`shows ${form} under the capital key, as it was set, with its details and its list in order`, async () => {
      const { result } = await search(server, "executions", {
        queries: [{ inConditionsQuery: { conditions: [CONDITIONS[form]] } }],
      });
      const entries = LISTS[form].map((name) =>
        isForm(name) ? { include: CONDITIONS[name] } : { target: idOf(name) },
      );
      assert.deepEqual(result, [{ Condition: CONDITIONS[form], details: details.get(form), targets: entries }]);
    });
  }

  it("shows a group without the dot and star that it may have been set with", async (t) => {
    const condition = { event: { group: "org.*" } };
    const set = await setExecution(server, condition, [idOf("first")]);
    t.after(() => server.request("DELETE", "/v3alpha/executions", { condition }, { headers: BYPASS }));
    const { result } = await search(server, "executions", {
      queries: [{ inConditionsQuery: { conditions: [{ event: { group: "org" } }] } }],
    });
    assert.deepEqual(result, [
      { Condition: { event: { group: "org" } }, details: set, targets: [{ target: idOf("first") }] },
    ]);
    assert.deepEqual(await setExecution(server, { event: { group: "org" } }, [idOf("first")]), set);
  });

  for (const query of [undefined, {}, { asc: true }, { asc: false }]) {
    it(`sorts by id, ascending, for ${query === undefined ? "no query" : JSON.stringify(query)}`, async () => {
      assert.deepEqual(await found({ query }), FORMS);
    });
  }

  const types: Readonly<Record<string, readonly Form[]>> = {
    UNSPECIFIED: FORMS,
    REQUEST: ["all requests", "requests of a service", "requests of a method"],
    RESPONSE: ["all responses", "responses of a service", "responses of a method"],
    EVENT: ["all events", "an event", "a group"],
    FUNCTION: ["a function"],
  };
  for (const [type, expected] of Object.entries(types)) {
    it(`finds by the type ${type}`, () =>
      check([{ executionTypeQuery: { executionType: `EXECUTION_TYPE_${type}` } }], expected));
  }

  it("finds all by a type that is not given", () => check([{ executionTypeQuery: {} }], FORMS));

  const byTarget: Readonly<Record<string, readonly Form[]>> = {
    first: FORMS.filter((form) => LISTS[form].includes("first")),
    second: FORMS.filter((form) => LISTS[form].includes("second")),
  };
  for (const [name, expected] of Object.entries(byTarget)) {
    it(`finds by the ${name} target those that name it themselves, and not by an include`, () =>
      check([{ targetQuery: { targetId: idOf(name) } }], expected));
  }

  it("finds nothing by a target that there is none of", async () => {
    await check([{ targetQuery: { targetId: "404" } }], []);
    await check([{ targetQuery: {} }], []);
  });

  const byInclude: readonly { include: Form; finds: readonly Form[] }[] = [
    { include: "an event", finds: ["a group"] },
    { include: "a group", finds: ["responses of a service"] },
    { include: "a function", finds: ["requests of a service"] },
    { include: "all requests", finds: ["all responses"] },
    { include: "requests of a service", finds: ["requests of a method"] },
    { include: "requests of a method", finds: [] },
    { include: "responses of a method", finds: ["responses of a service"] },
    { include: "all responses", finds: [] },
  ];
  for (const { include, finds } of byInclude) {
    it(`finds ${JSON.stringify(finds)} by the include of ${include}`, () =>
      check([{ includeQuery: { include: CONDITIONS[include] } }], finds));
  }

  it("finds nothing by an include of a condition that nobody set", () =>
    check([{ includeQuery: { include: { event: { event: "never.set" } } } }], []));

  const byConditions: readonly { name: string; conditions: readonly unknown[]; finds: readonly Form[] }[] = [
    {
      name: "several conditions, one of them twice",
      conditions: [CONDITIONS["all requests"], CONDITIONS["a group"], CONDITIONS["all requests"]],
      finds: ["a group", "all requests"],
    },
    {
      name: "a condition that nobody set",
      conditions: [{ event: { event: "never.set" } }, CONDITIONS["an event"]],
      finds: ["an event"],
    },
    {
      name: "the service alone, not its methods",
      conditions: [{ request: { service: SERVICE } }],
      finds: ["requests of a service"],
    },
    { name: "a method that there is none of", conditions: [{ request: { method: "/a.B/C" } }], finds: [] },
    { name: "a method without its slash", conditions: [{ request: { method: "a.B/C" } }], finds: [] },
    {
      name: "incomplete conditions",
      conditions: [{ request: {} }, { event: {} }, { response: { all: false } }],
      finds: [],
    },
    { name: "an empty list", conditions: [], finds: [] },
  ];
  for (const { name, conditions, finds } of byConditions) {
    it(`finds ${JSON.stringify(finds)} by ${name}`, () => check([{ inConditionsQuery: { conditions } }], finds));
  }

  it("asks for all queries to hold", async () => {
    const ofEvents = { executionTypeQuery: { executionType: "EXECUTION_TYPE_EVENT" } };
    const second = { targetQuery: { targetId: idOf("second") } };
    const including = { includeQuery: { include: CONDITIONS["an event"] } };
    const among = { inConditionsQuery: { conditions: [CONDITIONS["an event"], CONDITIONS["a function"]] } };
    await check([ofEvents, second], ["an event", "a group"]);
    await check([ofEvents, second, including], ["a group"]);
    await check([second, among, ofEvents], ["an event"]);
    await check([including, among], []);
    await check([ofEvents, { inConditionsQuery: {} }], []);
    await check([], FORMS);
  });

  const parts: readonly { name: string; query: Record<string, unknown>; finds: readonly Form[] }[] = [
    { name: "a limit", query: { limit: 3 }, finds: FORMS.slice(0, 3) },
    { name: "an offset as a text", query: { offset: "8" }, finds: FORMS.slice(8) },
    { name: "an offset as a number", query: { offset: 8 }, finds: FORMS.slice(8) },
    { name: "an offset and a limit", query: { offset: "2", limit: 2, asc: true }, finds: FORMS.slice(2, 4) },
    { name: "a limit of 0, which is none", query: { limit: 0 }, finds: FORMS },
    { name: "an offset at the end", query: { offset: "10" }, finds: [] },
    { name: "the largest offset", query: { offset: "18446744073709551615", limit: 1 }, finds: [] },
  ];
  for (const { name, query, finds } of parts) {
    it(`answers the part that ${name} asks for, and the true total`, async () => {
      assert.deepEqual(await found({ query }), finds);
      assert.equal((await search(server, "executions", { query })).details.totalResult, "10");
    });
  }

  it("says in its details up to which event it goes, also when it finds nothing", async () => {
    const { details: before } = await search(server, "executions");
    const condition = { event: { event: "details.of.the.list" } };
    const set = await setExecution(server, condition, [idOf("first")]);
    const { details: after } = await search(server, "executions");
    assert.ok(BigInt(after.processedSequence) > BigInt(before.processedSequence));
    assert.equal(after.timestamp, set.changeDate);
    const removed = await server.request("DELETE", "/v3alpha/executions", { condition }, { headers: BYPASS });
    const none = await search(server, "executions", { queries: [{ inConditionsQuery: {} }] });
    assert.deepEqual(Object.keys(none), ["details"]);
    assert.deepEqual(Object.keys(none.details), ["processedSequence", "timestamp"]);
    assert.equal(none.details.timestamp, removed.body.details.changeDate);
  });

  const invalid: readonly { name: string; query: unknown; field: string }[] = [
    { name: "a query that asks nothing", query: {}, field: "queries[0].query" },
    {
      name: "a condition without a kind",
      query: { inConditionsQuery: { conditions: [CONDITIONS["an event"], {}] } },
      field: "queries[0].in_conditions_query.conditions[1].condition_type",
    },
    {
      name: "an include query without an include",
      query: { includeQuery: {} },
      field: "queries[0].include_query.include",
    },
    {
      name: "an include without a kind",
      query: { includeQuery: { include: {} } },
      field: "queries[0].include_query.include.condition_type",
    },
    {
      name: "a type that there is none of",
      query: { executionTypeQuery: { executionType: 5 } },
      field: "queries[0].execution_type_query.execution_type",
    },
  ];
  for (const { name, query, field } of invalid) {
    it(`refuses ${name} with 400`, async () => assertInvalid(await post({ queries: [query] }), [[field]]));
  }

  const includes: readonly { name: string; include: unknown; kind: string; id: string }[] = [
    { name: "a request without a scope", include: { request: {} }, kind: "request", id: "COMMAND-3tkej630e6" },
    { name: "all: false", include: { response: { all: false } }, kind: "response", id: "COMMAND-3tkej630e6" },
    { name: "an event without a name", include: { event: {} }, kind: "event", id: "COMMAND-w5smb6v7qu" },
  ];
  for (const { name, include, kind, id } of includes) {
    it(`refuses an include of ${name} with 400`, async () => {
      const answer = await post({ queries: [{ executionTypeQuery: {} }, { includeQuery: { include } }] });
      assertRefused(answer, { status: 400, code: 3, reason: "CONDITION_INVALID", id, says: /is incomplete/ });
      assert.equal(violationsOf(answer)[0]?.field, `queries[1].include_query.include.${kind}`);
    });
  }

  it("answers over gRPC with numbers and oneofs", async () => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, ...BYPASS };
    const { result, details: listed } = await actionClient(server, "gRPC over HTTP/2", headers).listExecutions({
      query: { offset: 1n, limit: 1 },
      queries: [{ query: { case: "executionTypeQuery", value: { executionType: ExecutionType.REQUEST } } }],
    });
    assert.equal(listed?.totalResult, 3n);
    const [execution] = result;
    const condition = execution?.Condition?.conditionType;
    assert.ok(condition?.case === "request" && condition.value.condition.case === "service");
    assert.equal(condition.value.condition.value, SERVICE);
    assert.deepEqual(
      execution?.targets.map(({ type }) => type.case),
      ["target", "include", "target"],
    );
  });
});
