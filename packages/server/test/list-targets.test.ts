import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { TargetFieldName } from "@interpose/protocol/gen/zitadel/action/v3alpha/query_pb";
import { TextQueryMethod } from "@interpose/protocol/gen/zitadel/object/v2/object_pb";
import { createTarget, type NewTestTarget } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { actionClient } from "./harness/clients.ts";
import { assertInvalid, assertRefused, violationsOf } from "./harness/refusals.ts";
import { search } from "./harness/searches.ts";
import { startServer, type TestServer } from "./harness/server.ts";

const host = (letter: string): string => `https://${letter}.example.com/`;
/** Every target there is, in the order in which they are created, which is that of their ids. */
const TARGETS: readonly NewTestTarget[] = [
  { name: "Audit", endpoint: host("d"), timeout: "10s", interruptOnError: true },
  { name: "audit log", endpoint: host("a"), timeout: "0.500s", interruptOnError: false },
  { name: "AUDIT trail", endpoint: host("c"), timeout: "9s", type: "restCall", interruptOnError: true },
  { name: "50% off", endpoint: host("b"), timeout: "90s", type: "restCall", interruptOnError: false },
  { name: "50 percent off", endpoint: host("e"), timeout: "9s", type: "restAsync" },
  { name: "under_score", endpoint: host("i"), timeout: "1s" },
  { name: "underXscore", endpoint: host("h"), timeout: "2s" },
  { name: "back\\slash", endpoint: host("g"), timeout: "3s" },
  { name: "backslash", endpoint: host("f"), timeout: "4s" },
  { name: "Äpfel auf der Straße", endpoint: host("j"), timeout: "5s" },
  { name: "äpfel und Birnen", endpoint: host("k"), timeout: "6s" },
  { name: "ΟΔΟΣ ΑΘΗΝΑ'S", endpoint: host("l"), timeout: "7s" },
];
const NAMES = TARGETS.map(({ name = "" }) => name);
/** Changed after all are there, so that its date of change is the last. */
const CHANGED = "audit log";

describe("POST /v3alpha/targets/search", () => {
  let server: TestServer;
  const ids = new Map<string, string>();
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
    for (const target of TARGETS) ids.set(target.name ?? "", await createTarget(server, target));
    await server.request("PUT", `/v3alpha/targets/${idOf(CHANGED)}`, { timeout: "0.250s" });
  });

  const idOf = (name: string): string => ids.get(name) ?? assert.fail(`there is no target "${name}"`);
  /** Names that a search finds, in its order. */
  const found = async (request: unknown): Promise<readonly string[]> =>
    ((await search(server, "targets", request)).result ?? []).map(({ name }) => name as string);
  /** Checks what queries find, whatever its order, and that as many are counted. */
  const check = async (queries: readonly unknown[], expected: readonly string[]): Promise<void> => {
    const { details, result = [] } = await search(server, "targets", { queries });
    assert.deepEqual(
      result.map(({ name }) => name),
      NAMES.filter((name) => expected.includes(name)).reverse(),
    );
    assert.equal(details.totalResult ?? "0", String(expected.length));
  };

  const audits = ["Audit", "audit log", "AUDIT trail"];
  const apples = ["Äpfel auf der Straße", "äpfel und Birnen"];
  const byName: Readonly<Record<string, readonly (readonly [text: string, finds: readonly string[]])[]>> = {
    EQUALS: [
      ["Audit", ["Audit"]],
      ["audit", []],
      ["50%", []],
      ["50% off", ["50% off"]],
      ["under_score", ["under_score"]],
      ["back\\slash", ["back\\slash"]],
      ["", []],
    ],
    EQUALS_IGNORE_CASE: [
      ["aUDIT", ["Audit"]],
      ["AUDIT LOG", ["audit log"]],
      ["UNDER_SCORE", ["under_score"]],
      ["%", []],
      ["ÄPFEL UND BIRNEN", ["äpfel und Birnen"]],
      ["οδος αθηνα's", ["ΟΔΟΣ ΑΘΗΝΑ'S"]],
    ],
    STARTS_WITH: [
      ["Audit", ["Audit"]],
      ["50", ["50% off", "50 percent off"]],
      ["50%", ["50% off"]],
      ["under_", ["under_score"]],
      ["back\\", ["back\\slash"]],
      ["Ä", ["Äpfel auf der Straße"]],
      ["", NAMES],
    ],
    STARTS_WITH_IGNORE_CASE: [
      ["aUDIT", audits],
      ["UNDER_", ["under_score"]],
      ["BACK\\", ["back\\slash"]],
      ["äPFEL", apples],
      ["οδος", ["ΟΔΟΣ ΑΘΗΝΑ'S"]],
      ["%", []],
    ],
    CONTAINS: [
      ["udit", ["Audit", "audit log"]],
      ["%", ["50% off"]],
      ["_", ["under_score"]],
      ["\\", ["back\\slash"]],
      ["'", ["ΟΔΟΣ ΑΘΗΝΑ'S"]],
      ["pfel", apples],
      ["nowhere", []],
    ],
    CONTAINS_IGNORE_CASE: [
      ["UDIT", audits],
      ["R_S", ["under_score"]],
      ["K\\S", ["back\\slash"]],
      ["0% O", ["50% off"]],
      ["STRAß", ["Äpfel auf der Straße"]],
      ["σ αθη", ["ΟΔΟΣ ΑΘΗΝΑ'S"]],
    ],
    ENDS_WITH: [
      ["off", ["50% off", "50 percent off"]],
      ["% off", ["50% off"]],
      ["_score", ["under_score"]],
      ["\\slash", ["back\\slash"]],
      ["ße", ["Äpfel auf der Straße"]],
      ["Trail", []],
      ["", NAMES],
    ],
    ENDS_WITH_IGNORE_CASE: [
      ["SCORE", ["under_score", "underXscore"]],
      ["_SCORE", ["under_score"]],
      ["\\SLASH", ["back\\slash"]],
      ["UND BIRNEN", ["äpfel und Birnen"]],
      ["θηνα's", ["ΟΔΟΣ ΑΘΗΝΑ'S"]],
      ["%", []],
    ],
  };
  for (const [method, cases] of Object.entries(byName)) {
    for (const [targetName, finds] of cases) {
      it(`finds ${finds.length === NAMES.length ? "all" : JSON.stringify(finds)} by ${method} "${targetName}"`, () =>
        check([{ targetNameQuery: { targetName, method: `TEXT_QUERY_METHOD_${method}` } }], finds));
    }
  }

  it("compares for equality when no method is given", () =>
    check([{ targetNameQuery: { targetName: "Audit" } }], ["Audit"]));

  it("finds by id, ignores ids that there are none of, and finds nothing for an empty list", async () => {
    const targetIds = [idOf("Audit"), "404", idOf("50% off"), idOf("Audit")];
    await check([{ inTargetIdsQuery: { targetIds } }], ["Audit", "50% off"]);
    await check([{ inTargetIdsQuery: { targetIds: [] } }], []);
    await check([{ inTargetIdsQuery: {} }], []);
  });

  it("asks for all queries to hold", async () => {
    const begins = { targetNameQuery: { targetName: "audit", method: "TEXT_QUERY_METHOD_STARTS_WITH_IGNORE_CASE" } };
    const ends = { targetNameQuery: { targetName: "l", method: "TEXT_QUERY_METHOD_ENDS_WITH" } };
    const named = (...names: string[]): unknown => ({ inTargetIdsQuery: { targetIds: names.map(idOf) } });
    await check([begins, ends], ["AUDIT trail"]);
    await check([begins, named("Audit", "50% off")], ["Audit"]);
    await check([named("Audit", "50% off"), named("50% off", "backslash")], ["50% off"]);
    await check([begins, named()], []);
    await check([], NAMES);
  });

  const at = (...places: number[]): readonly string[] => places.map((place) => NAMES[place - 1] ?? "");
  const sorted: Readonly<Record<string, readonly string[]>> = {
    UNSPECIFIED: NAMES,
    ID: NAMES,
    CREATION_DATE: NAMES,
    CHANGE_DATE: [...NAMES.filter((name) => name !== CHANGED), CHANGED],
    NAME: at(5, 4, 3, 1, 2, 8, 9, 7, 6, 10, 11, 12),
    URL: at(2, 4, 3, 1, 5, 9, 8, 7, 6, 10, 11, 12),
    TIMEOUT: at(2, 6, 7, 8, 9, 10, 11, 12, 3, 5, 1, 4),
    ASYNC: NAMES,
    INTERRUPT_ON_ERROR: at(2, 4, 5, 1, 3, 6, 7, 8, 9, 10, 11, 12),
  };
  for (const [column, ascending] of Object.entries(sorted)) {
    it(`sorts by ${column}, descending unless asc is asked for`, async () => {
      const sortingColumn = `FIELD_NAME_${column}`;
      assert.deepEqual(await found({ sortingColumn, query: { asc: true } }), ascending);
      const descending = [...ascending].reverse();
      assert.deepEqual(await found({ sortingColumn }), descending);
      assert.deepEqual(await found({ sortingColumn, query: { asc: false } }), descending);
    });
  }

  it("sorts by TARGET_TYPE, with those of one type together and by id among themselves", async () => {
    const ascending = await found({ sortingColumn: "FIELD_NAME_TARGET_TYPE", query: { asc: true } });
    const typeOf = (name: string): string => TARGETS.find((each) => each.name === name)?.type ?? "restWebhook";
    const types = [...new Set(ascending.map(typeOf))];
    assert.equal(types.length, 3);
    assert.deepEqual(
      ascending,
      types.flatMap((type) => NAMES.filter((name) => typeOf(name) === type)),
    );
    assert.deepEqual(await found({ sortingColumn: "FIELD_NAME_TARGET_TYPE" }), [...ascending].reverse());
  });

  it("sorts by id, descending, when nothing is asked for, and never says what it sorted by", async () => {
    const answer = await search(server, "targets");
    assert.deepEqual(
      answer.result?.map(({ name }) => name),
      [...NAMES].reverse(),
    );
    assert.deepEqual(Object.keys(answer), ["details", "result"]);
    assert.deepEqual(Object.keys(await search(server, "targets", { sortingColumn: "FIELD_NAME_URL" })), [
      "details",
      "result",
    ]);
  });

  const parts: readonly { name: string; query: Record<string, unknown>; finds: readonly string[] }[] = [
    { name: "a limit", query: { limit: 2 }, finds: at(12, 11) },
    { name: "an offset as a text", query: { offset: "10" }, finds: at(2, 1) },
    { name: "an offset as a number", query: { offset: 10 }, finds: at(2, 1) },
    { name: "an offset and a limit", query: { offset: "3", limit: 2, asc: true }, finds: at(4, 5) },
    { name: "a limit of 0, which is none", query: { limit: 0, asc: true }, finds: NAMES },
    { name: "a limit beyond the end", query: { offset: 11, limit: 100 }, finds: at(1) },
    { name: "the largest limit", query: { limit: 4294967295, asc: true }, finds: NAMES },
    { name: "an offset at the end", query: { offset: "12" }, finds: [] },
    { name: "an offset far beyond the end", query: { offset: "1000000", limit: 5 }, finds: [] },
    { name: "the largest offset", query: { offset: "18446744073709551615" }, finds: [] },
  ];
  for (const { name, query, finds } of parts) {
    it(`answers the part that ${name} asks for, and the true total`, async () => {
      const { details, result = [] } = await search(server, "targets", { query });
      assert.deepEqual(
        result.map((target) => target.name),
        finds,
      );
      assert.equal(details.totalResult, "12");
    });
  }

  it("counts what matches the queries, not what is there", async () => {
    const queries = [{ targetNameQuery: { targetName: "audit", method: "TEXT_QUERY_METHOD_CONTAINS_IGNORE_CASE" } }];
    const { details, result } = await search(server, "targets", { queries, query: { limit: 1, offset: "1" } });
    assert.deepEqual([details.totalResult, result?.[0].name], ["3", "audit log"]);
  });

  it("shows a target as it is read by its id", async () => {
    const targetIds = [idOf("50% off")];
    const { result } = await search(server, "targets", { queries: [{ inTargetIdsQuery: { targetIds } }] });
    const { body } = await server.request("GET", `/v3alpha/targets/${idOf("50% off")}`);
    assert.deepEqual(result, [body.target]);
  });

  it("says in its details up to which event it goes, also when it finds nothing", async () => {
    const { details: before } = await search(server, "targets");
    // What came last shall be that it was added.
    const id = await createTarget(server, { endpoint: host("m"), payloadType: "json" });
    const { details: created, result } = await search(server, "targets", { query: { limit: 1 } });
    assert.ok(BigInt(created.processedSequence) > BigInt(before.processedSequence));
    assert.equal(created.timestamp, result?.[0].details.changeDate);
    const { body } = await server.request("DELETE", `/v3alpha/targets/${id}`);
    const none = await search(server, "targets", { queries: [{ inTargetIdsQuery: {} }] });
    assert.deepEqual(Object.keys(none), ["details"]);
    assert.deepEqual(Object.keys(none.details), ["processedSequence", "timestamp"]);
    assert.ok(BigInt(none.details.processedSequence) > BigInt(created.processedSequence));
    assert.equal(none.details.timestamp, body.details.changeDate);
  });

  const invalid: readonly { name: string; request: unknown; field: string; says: string }[] = [
    { name: "a query that asks nothing", request: { queries: [{}] }, field: "queries[0].query", says: "[required]" },
    {
      name: "a text of 201 characters",
      request: { queries: [{ targetNameQuery: { targetName: "n".repeat(201) } }] },
      field: "queries[0].target_name_query.target_name",
      says: "[string.max_len]",
    },
    {
      name: "a method that there is none of",
      request: { queries: [{ targetNameQuery: { method: 8 } }] },
      field: "queries[0].target_name_query.method",
      says: "given: 8",
    },
    {
      name: "a column that there is none of",
      request: { sortingColumn: 10 },
      field: "sorting_column",
      says: "given: 10",
    },
  ];
  for (const { name, request, field, says } of invalid) {
    it(`refuses ${name} with 400`, async () => {
      assertInvalid(await server.request("POST", "/v3alpha/targets/search", request), [[field, says]]);
    });
  }

  const unreadable: readonly { name: string; request: unknown; field: string; says: RegExp }[] = [
    { name: "a negative offset", request: { query: { offset: -1 } }, field: "query.offset", says: /from 0 to .*"-1"/ },
    {
      name: "a limit beyond 32 bits",
      request: { query: { limit: 2 ** 32 } },
      field: "query.limit",
      says: /4294967296/,
    },
    {
      name: "a name of a method that there is none of",
      request: { queries: [{ targetNameQuery: { method: "LIKE" } }] },
      field: "queries[0].targetNameQuery.method",
      says: /TEXT_QUERY_METHOD_EQUALS/,
    },
  ];
  for (const { name, request, field, says } of unreadable) {
    it(`refuses ${name} with 400`, async () => {
      const answer = await server.request("POST", "/v3alpha/targets/search", request);
      assertRefused(answer, { status: 400, code: 3, reason: "BAD_REQUEST", says });
      assert.equal(violationsOf(answer)[0]?.field, field);
    });
  }

  it("answers over gRPC with numbers and oneofs", async () => {
    const { result, details } = await actionClient(server, "gRPC over HTTP/2").listTargets({
      query: { offset: 1n, limit: 2, asc: true },
      sortingColumn: TargetFieldName.FIELD_NAME_TIMEOUT,
      queries: [
        {
          query: {
            case: "targetNameQuery",
            value: { targetName: "AUDIT", method: TextQueryMethod.STARTS_WITH_IGNORE_CASE },
          },
        },
      ],
    });
    assert.deepEqual(
      result.map(({ name, targetType, timeout }) => [name, targetType.case, timeout?.seconds]),
      [
        ["AUDIT trail", "restCall", 9n],
        ["Audit", "restWebhook", 10n],
      ],
    );
    assert.equal(details?.totalResult, 3n);
  });
});
