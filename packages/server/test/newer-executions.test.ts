import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget, expectCalls, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { assertInvalid, assertRefused, violationsOf } from "./harness/refusals.ts";
import { startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";
import { startTarget } from "./harness/target.ts";

const SERVICE = "zitadel.action.v2.ActionService";
const method = (version: string, rpc: string): string => `/zitadel.action.${version}.ActionService/${rpc}`;

describe("executions of the newer action APIs", () => {
  let server: TestServer;
  let first: string;
  let second: string;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
    first = await createTarget(server, { name: "first", endpoint: "https://example.com/", type: "restAsync" });
    second = await createTarget(server, { name: "second", endpoint: "https://example.com/", type: "restAsync" });
    for (const type of ["user.human.added", "username.changed"]) {
      assert.equal((await server.request("POST", "/v1/eventTypes", { type })).status, 200);
    }
  });

  for (const version of ["v2beta", "v2"]) {
    const path = `/${version}/actions/executions`;
    const set = (condition: unknown, targets?: readonly string[]): Promise<JsonAnswer> =>
      server.request("PUT", path, { condition, targets });
    const listed = async (condition: unknown): Promise<any> => {
      const filters = [{ inConditionsFilter: { conditions: [condition] } }];
      const { status, body } = await server.request("POST", `${path}/search`, { filters });
      assert.equal(status, 200, JSON.stringify(body));
      return body.executions?.[0];
    };
    const alpha = async (condition: unknown): Promise<any> => {
      const queries = [{ inConditionsQuery: { conditions: [condition] } }];
      return (await server.request("POST", "/v3alpha/executions/search", { queries })).body.result?.[0];
    };

    describe(`PUT ${path}`, () => {
      const conditions: Readonly<Record<string, unknown>> = {
        "requests of a method": { request: { method: method(version, "GetTarget") } },
        "requests of a service": { request: { service: "grpc.health.v1.Health" } },
        "responses of a method": { response: { method: method(version, "GetTarget") } },
        "responses of a service": { response: { service: "grpc.health.v1.Health" } },
        "all responses": { response: { all: true } },
        "a function": { function: { name: "preuserinfo" } },
        "an event": { event: { event: "user.human.added" } },
        "an event of Interpose's own": { event: { event: "token.added" } },
        "a group": { event: { group: "user.human" } },
        "a group of groups": { event: { group: "user" } },
        "all events": { event: { all: true } },
      };
      for (const [name, condition] of Object.entries(conditions)) {
        it(`sets what ${name} call, replaces it, and removes it by an empty list`, async () => {
          const { status, body } = await set(condition, [first, second]);
          assert.equal(status, 200, JSON.stringify(body));
          const expected = { condition, creationDate: body.setDate, changeDate: body.setDate };
          assert.deepEqual(await listed(condition), { ...expected, targets: [first, second] });
          const targets = [{ target: first }, { target: second }];
          assert.deepEqual((await alpha(condition)).targets, targets);
          const again = await set(condition, [second]);
          assert.deepEqual(await listed(condition), {
            ...expected,
            changeDate: again.body.setDate,
            targets: [second],
          });
          const removed = await set(condition, []);
          assert.equal(removed.status, 200);
          assert.ok(removed.body.setDate >= again.body.setDate);
          assert.equal(await listed(condition), undefined);
          assert.equal(await alpha(condition), undefined);
        });
      }

      it("changes nothing for the same list, and answers the old date", async () => {
        const condition = { function: { name: "preaccesstoken" } };
        const { body } = await set(condition, [first, second]);
        const { details } = await alpha(condition);
        assert.deepEqual((await set(condition, [first, second])).body, body);
        assert.deepEqual((await alpha(condition)).details, details);
        assert.notDeepEqual((await set(condition, [second, first])).body, body);
        await set(condition, []);
      });

      it("answers success without a date where there is nothing to remove", async () => {
        for (const targets of [[], undefined]) {
          const { status, body } = await set({ function: { name: "presamlresponse" } }, targets);
          assert.deepEqual([status, body], [200, {}]);
        }
      });

      it("takes a group with .* for the same group", async () => {
        await set({ event: { group: "user.human.*" } }, [first]);
        assert.deepEqual((await listed({ event: { group: "user.human" } })).targets, [first]);
        await set({ event: { group: "user.human" } }, []);
      });

      const unknown: readonly (readonly [condition: unknown, id: string])[] = [
        [{ request: { method: "/acme.v1.Users/Add" } }, "COMMAND-vysplsevt8"],
        [{ request: { method: "acme" } }, "COMMAND-vysplsevt8"],
        [{ response: { service: "acme.v1.Users" } }, "COMMAND-qu6dfhiioq"],
        [{ function: { name: "nothing" } }, "COMMAND-cdy39t0ksr"],
        [{ event: { event: "user.human.vanished" } }, "COMMAND-74aaqj8fv9"],
        [{ event: { event: "user.human" } }, "COMMAND-74aaqj8fv9"],
        [{ event: { group: "us" } }, "COMMAND-er5oneb5lz"],
        [{ event: { group: "user.hum" } }, "COMMAND-er5oneb5lz"],
        [{ event: { group: "user.human.added" } }, "COMMAND-er5oneb5lz"],
        [{ event: { group: "username.changed.*" } }, "COMMAND-er5oneb5lz"],
      ];
      for (const [condition, id] of unknown) {
        it(`refuses ${JSON.stringify(condition)} with 404, also to remove it`, async () => {
          const expected = { status: 404, code: 5, reason: "CONDITION_UNKNOWN", id, says: /^There is no / };
          assertRefused(await set(condition, [first]), expected);
          assertRefused(await set(condition, []), expected);
        });
      }

      it("removes what was set on something that is no longer known", async () => {
        const condition = { event: { event: `never.known.in.${version}` } };
        await setExecution(server, condition, [first]);
        const { status, body } = await set(condition, []);
        assert.equal(status, 200, JSON.stringify(body));
        assert.ok(body.setDate);
        assert.equal((await set(condition, [])).status, 404);
      });

      const incomplete: readonly (readonly [condition: unknown, field: string, says: string])[] = [
        [undefined, "condition", "[required]"],
        [{}, "condition.condition_type", "[required]"],
        [{ request: {} }, "condition.request.condition", "[required]"],
        [{ response: {} }, "condition.response.condition", "[required]"],
        [{ event: {} }, "condition.event.condition", "[required]"],
        [{ request: { all: false } }, "condition.request.all", "true"],
        [{ event: { all: false } }, "condition.event.all", "true"],
        [{ request: { method: "" } }, "condition.request.method", "[string.min_len]"],
        [{ event: { group: "g".repeat(1001) } }, "condition.event.group", "[string.max_len]"],
        [{ function: {} }, "condition.function.name", "[string.min_len]"],
      ];
      for (const [condition, field, says] of incomplete) {
        it(`refuses ${JSON.stringify(condition ?? null).slice(0, 40)} with 400`, async () => {
          assertInvalid(await set(condition, [first]), [[field, says]]);
        });
      }

      it("refuses targets that there are none of, twice the same, and an empty id", async () => {
        const condition = { function: { name: "preuserinfo" } };
        const missing = await set(condition, [first, "404"]);
        const id = "COMMAND-17e8fq1ggk";
        assertRefused(missing, { status: 404, code: 5, reason: "TARGET_NOT_FOUND", id, says: /^targets\[1\]/ });
        const twice = await set(condition, [first, second, first]);
        assertRefused(twice, { status: 400, code: 3, reason: "DUPLICATE_TARGET", says: /^targets\[2\]/ });
        const empty = await set(condition, [first, ""]);
        const emptyId = "COMMAND-hdm4zl1hmd";
        assertRefused(empty, {
          status: 400,
          code: 3,
          reason: "BAD_REQUEST",
          id: emptyId,
          says: /^targets\[1\] is empty/,
        });
        assert.equal(violationsOf(empty)[0]?.field, "targets[1]");
        assert.equal(await listed(condition), undefined);
      });

      it("replaces includes, which its lists show expanded", async () => {
        const inner = { response: { service: "grpc.health.v1.Health" } };
        const middle = { response: { method: method(version, "ListTargets") } };
        const outer = { response: { service: SERVICE } };
        await setExecution(server, inner, [second, first]);
        await setExecution(server, middle, [{ include: inner }]);
        await setExecution(server, outer, [first, { include: middle }]);
        assert.deepEqual((await listed(outer)).targets, [first, second, first]);
        assert.deepEqual((await listed(middle)).targets, [second, first]);
        const filters = [{ targetFilter: { targetId: second } }];
        const { body } = await server.request("POST", `${path}/search`, {
          filters,
          sortingColumn: "EXECUTION_FIELD_NAME_ID",
        });
        assert.deepEqual(
          body.executions.map(({ condition }: any) => condition),
          [middle, outer, inner].sort((a, b) => (nameOf(a) < nameOf(b) ? 1 : -1)),
        );
        await set(outer, [second]);
        assert.deepEqual((await alpha(outer)).targets, [{ target: second }]);
        assert.deepEqual((await alpha(middle)).targets, [{ include: inner }]);
        await set(inner, []);
        assert.equal((await listed(middle)).targets, undefined, "what is included and not there stands for nothing");
        for (const condition of [outer, middle]) await set(condition, []);
      });
      const nameOf = ({ response }: any): string => response.service ?? response.method.slice(1);
    });

    describe(`the calls of ${version}`, () => {
      it("are hooked like any, by an execution that this version set, and bypassed by the header", async (t) => {
        const target = await startTarget(t, () => ({ body: { id: first } }));
        const answer = await server.request("POST", `/${version}/actions/targets`, {
          name: `hook of ${version}`,
          endpoint: target.url,
          timeout: "5s",
          restCall: { interruptOnError: true },
        });
        await expectCalls(server, answer.body.id);
        const condition = { request: { method: method(version, "GetTarget") } };
        assert.equal((await set(condition, [answer.body.id])).status, 200);
        const read = await server.request("GET", `/${version}/actions/targets/${second}`);
        assert.equal(read.body.target.name, "first", JSON.stringify(read.body));
        const bypass = { headers: { "interpose-bypass": "true" } };
        const past = await server.request("GET", `/${version}/actions/targets/${second}`, undefined, bypass);
        assert.equal(past.body.target.name, "second");
        // An execution on a method of one version does not fire for another's.
        for (const other of ["v2beta", "v2"].filter((each) => each !== version)) {
          const elsewhere = await server.request("GET", `/${other}/actions/targets/${second}`);
          assert.equal(elsewhere.body.target.name, "second");
        }
        await set(condition, []);
      });
    });

    describe(`GET ${path}`, () => {
      it("names functions, methods and services, as v3alpha does", async () => {
        for (const list of ["functions", "methods", "services"]) {
          const { body } = await server.request("GET", `${path}/${list}`);
          assert.deepEqual(body, (await server.request("GET", `/v3alpha/executions/${list}`)).body);
          assert.ok(body[list].length > 0);
        }
        const { body } = await server.request("GET", `${path}/methods`);
        for (const named of ["v3alpha", "v2beta", "v2"])
          assert.ok(body.methods.includes(method(named, "SetExecution")));
      });
    });
  }
});

describe("lists of executions of the newer action APIs", () => {
  let server: TestServer;
  const targets = new Map<string, string>();
  const suite = forSuite();
  /** In the order in which they are set. */
  const SET: readonly (readonly [condition: unknown, calls: readonly string[]])[] = [
    [{ response: { all: true } }, ["b"]],
    [{ event: { event: "anything" } }, ["a"]],
    [{ request: { service: "grpc.health.v1.Health" } }, ["a", "b"]],
    [{ function: { name: "preuserinfo" } }, ["b"]],
  ];
  const at = (...places: number[]): readonly unknown[] => places.map((place) => SET[place - 1]?.[0]);
  before(async () => {
    server = await startServer(suite);
    for (const name of ["a", "b"]) {
      targets.set(name, await createTarget(server, { name, endpoint: "https://example.com/", type: "restAsync" }));
    }
    const idsOf = (names: readonly string[]): readonly string[] => names.map((name) => targets.get(name) ?? "");
    for (const [condition, calls] of SET) await setExecution(server, condition, idsOf(calls));
    // Changed after all are there, so that its date of change is the last.
    await setExecution(server, SET[1]?.[0], idsOf(["b", "a"]));
  });

  for (const version of ["v2beta", "v2"]) {
    const path = `/${version}/actions/executions/search`;
    const search = async (request: unknown = {}): Promise<{ pagination: any; found: readonly unknown[] }> => {
      const { status, body } = await server.request("POST", path, request);
      assert.equal(status, 200, JSON.stringify(body));
      const { pagination, executions = [] } = body;
      return { pagination, found: executions.map(({ condition }: any) => condition) };
    };

    describe(`POST ${path}`, () => {
      const sorted: Readonly<Record<string, readonly unknown[]>> = {
        UNSPECIFIED: at(1, 2, 3, 4),
        ID: at(2, 4, 3, 1),
        CREATED_DATE: at(1, 2, 3, 4),
        CHANGED_DATE: at(1, 3, 4, 2),
      };
      for (const [column, ascending] of Object.entries(sorted)) {
        it(`sorts by ${column}, descending unless asc is asked for`, async () => {
          const sortingColumn = `EXECUTION_FIELD_NAME_${column}`;
          assert.deepEqual((await search({ sortingColumn, pagination: { asc: true } })).found, ascending);
          assert.deepEqual((await search({ sortingColumn })).found, [...ascending].reverse());
        });
      }

      it("sorts by the time of creation, descending, when nothing is asked for", async () => {
        const { found, pagination } = await search();
        assert.deepEqual(found, at(4, 3, 2, 1));
        assert.deepEqual(pagination, { totalResult: "4", appliedLimit: "100" });
      });

      const filters: readonly (readonly [
        name: string,
        filters: () => readonly unknown[],
        finds: readonly unknown[],
      ])[] = [
        [
          "conditions",
          () => [{ inConditionsFilter: { conditions: [...at(2, 3), { event: { all: true } }] } }],
          at(3, 2),
        ],
        ["an empty list of conditions", () => [{ inConditionsFilter: {} }], []],
        ["requests", () => [{ executionTypeFilter: { executionType: "EXECUTION_TYPE_REQUEST" } }], at(3)],
        ["responses", () => [{ executionTypeFilter: { executionType: "EXECUTION_TYPE_RESPONSE" } }], at(1)],
        ["events", () => [{ executionTypeFilter: { executionType: "EXECUTION_TYPE_EVENT" } }], at(2)],
        ["functions", () => [{ executionTypeFilter: { executionType: "EXECUTION_TYPE_FUNCTION" } }], at(4)],
        ["any type", () => [{ executionTypeFilter: {} }], at(4, 3, 2, 1)],
        ["a target", () => [{ targetFilter: { targetId: targets.get("a") } }], at(3, 2)],
        ["a target that there is none of", () => [{ targetFilter: { targetId: "404" } }], []],
        [
          "all filters together",
          () => [{ targetFilter: { targetId: targets.get("a") } }, { executionTypeFilter: { executionType: 3 } }],
          at(2),
        ],
      ];
      for (const [name, given, finds] of filters) {
        it(`finds by ${name}`, async () => {
          const { found, pagination } = await search({ filters: given() });
          assert.deepEqual(found, finds);
          assert.equal(pagination.totalResult ?? "0", String(finds.length));
        });
      }

      const parts: readonly (readonly [
        pagination: Record<string, unknown>,
        finds: readonly unknown[],
        limit: string,
      ])[] = [
        [{ limit: 1 }, at(4), "1"],
        [{ offset: "1", limit: 2, asc: true }, at(2, 3), "2"],
        [{ limit: 1000 }, at(4, 3, 2, 1), "1000"],
        [{ offset: 4 }, [], "100"],
        [{ offset: "18446744073709551615" }, [], "100"],
      ];
      for (const [pagination, finds, appliedLimit] of parts) {
        it(`answers the part ${JSON.stringify(pagination)}, the true total and the limit`, async () => {
          const answer = await search({ pagination });
          assert.deepEqual(answer.found, finds);
          assert.deepEqual(answer.pagination, { totalResult: "4", appliedLimit });
        });
      }

      it("refuses a limit beyond 1000 and what the rules forbid with 400", async () => {
        const send = (request: unknown) => server.request("POST", path, request);
        const says = /^pagination\.limit is 1001\./;
        const expected = { status: 400, code: 3, reason: "BAD_REQUEST", id: "QUERY-4M0fs", says };
        assertRefused(await send({ pagination: { limit: 1001 } }), expected);
        assertInvalid(await send({ filters: [{}] }), [["filters[0].filter", "[required]"]]);
        assertInvalid(await send({ filters: [{ inConditionsFilter: { conditions: [{ request: {} }] } }] }), [
          ["filters[0].in_conditions_filter.conditions[0].request.condition", "[required]"],
        ]);
        assertInvalid(await send({ filters: [{ executionTypeFilter: { executionType: 5 } }] }), [
          ["filters[0].execution_type_filter.execution_type", "given: 5"],
        ]);
        assertInvalid(await send({ sortingColumn: 4 }), [["sorting_column", "given: 4"]]);
      });
    });
  }
});
