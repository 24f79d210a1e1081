import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget, type NewTestTarget } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { assertInvalid, assertRefused, violationsOf } from "./harness/refusals.ts";
import { startServer, type TestServer } from "./harness/server.ts";

const host = (letter: string): string => `https://${letter}.example.com/`;
/** Every target there is, in the order in which they are created. */
const TARGETS: readonly NewTestTarget[] = [
  { name: "Audit", endpoint: host("d"), timeout: "10s", interruptOnError: true },
  { name: "audit log", endpoint: host("a"), timeout: "0.500s", interruptOnError: false },
  { name: "AUDIT trail", endpoint: host("c"), timeout: "9s", type: "restCall", interruptOnError: true },
  { name: "50% off", endpoint: host("b"), timeout: "90s", type: "restCall", interruptOnError: false },
  { name: "under_score", endpoint: host("e"), timeout: "1s", type: "restAsync" },
];
const NAMES = TARGETS.map(({ name = "" }) => name);
/** Changed after all are there, so that its date of change is the last. */
const CHANGED = "audit log";
const at = (...places: number[]): readonly string[] => places.map((place) => NAMES[place - 1] ?? "");

describe("lists of targets of the newer action APIs", () => {
  let server: TestServer;
  const ids = new Map<string, string>();
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
    for (const target of TARGETS) ids.set(target.name ?? "", await createTarget(server, target));
    await server.request("PUT", `/v3alpha/targets/${idOf(CHANGED)}`, { timeout: "0.250s" });
  });
  const idOf = (name: string): string => ids.get(name) ?? assert.fail(`there is no target "${name}"`);

  for (const version of ["v2beta", "v2"]) {
    const path = `/${version}/actions/targets/search`;
    const search = async (request: unknown = {}): Promise<{ pagination: any; names: readonly string[] }> => {
      const { status, body } = await server.request("POST", path, request);
      assert.equal(status, 200, JSON.stringify(body));
      const { pagination, targets = [] } = body;
      return { pagination, names: targets.map(({ name }: any) => name) };
    };
    const check = async (filters: readonly unknown[], expected: readonly string[]): Promise<void> => {
      const { pagination, names } = await search({ filters });
      assert.deepEqual(names, NAMES.filter((name) => expected.includes(name)).reverse());
      assert.equal(pagination.totalResult ?? "0", String(expected.length));
    };

    describe(`POST ${path}`, () => {
      const audits = at(1, 2, 3);
      const byName: readonly (readonly [method: string, text: string, finds: readonly string[]])[] = [
        ["EQUALS", "Audit", at(1)],
        ["EQUALS", "audit", []],
        ["EQUALS_IGNORE_CASE", "aUDIT", at(1)],
        ["STARTS_WITH", "50%", at(4)],
        ["STARTS_WITH", "", NAMES],
        ["STARTS_WITH_IGNORE_CASE", "AUDIT", audits],
        ["CONTAINS", "_", at(5)],
        ["CONTAINS_IGNORE_CASE", "UDIT", audits],
        ["ENDS_WITH", "trail", at(3)],
        ["ENDS_WITH_IGNORE_CASE", "LOG", at(2)],
      ];
      for (const [method, targetName, finds] of byName) {
        it(`finds ${JSON.stringify(finds)} by ${method} "${targetName}"`, () =>
          check([{ targetNameFilter: { targetName, method: `TEXT_FILTER_METHOD_${method}` } }], finds));
      }

      it("compares for equality when no method is given", () =>
        check([{ targetNameFilter: { targetName: "Audit" } }], at(1)));

      it("finds by id, ignores ids that there are none of, and finds nothing for an empty list", async () => {
        await check([{ inTargetIdsFilter: { targetIds: [idOf("Audit"), "404", idOf("50% off")] } }], at(1, 4));
        await check([{ inTargetIdsFilter: {} }], []);
      });

      it("asks for all filters to hold", async () => {
        const begins = { targetNameFilter: { targetName: "audit", method: 3 } };
        await check([begins, { inTargetIdsFilter: { targetIds: [idOf("Audit"), idOf("50% off")] } }], at(1));
        await check([], NAMES);
      });

      const sorted: Readonly<Record<string, readonly string[]>> = {
        UNSPECIFIED: NAMES,
        ID: NAMES,
        CREATED_DATE: NAMES,
        CHANGED_DATE: at(1, 3, 4, 5, 2),
        NAME: at(4, 3, 1, 2, 5),
        TARGET_TYPE: at(5, 3, 4, 1, 2),
        URL: at(2, 4, 3, 1, 5),
        TIMEOUT: at(2, 5, 3, 1, 4),
        INTERRUPT_ON_ERROR: at(2, 4, 5, 1, 3),
      };
      for (const [column, ascending] of Object.entries(sorted)) {
        it(`sorts by ${column}, descending unless asc is asked for`, async () => {
          const sortingColumn = `TARGET_FIELD_NAME_${column}`;
          assert.deepEqual((await search({ sortingColumn, pagination: { asc: true } })).names, ascending);
          assert.deepEqual((await search({ sortingColumn })).names, [...ascending].reverse());
        });
      }

      it("sorts by the time of creation, descending, when nothing is asked for", async () => {
        const { pagination, names } = await search();
        assert.deepEqual(names, [...NAMES].reverse());
        assert.deepEqual(pagination, { totalResult: "5", appliedLimit: "100" });
      });

      const parts: readonly {
        name: string;
        pagination: Record<string, unknown>;
        finds: readonly string[];
        applied: string;
      }[] = [
        { name: "a limit", pagination: { limit: 2 }, finds: at(5, 4), applied: "2" },
        {
          name: "an offset and a limit",
          pagination: { offset: "1", limit: 2, asc: true },
          finds: at(2, 3),
          applied: "2",
        },
        { name: "a limit of 0, which is 100", pagination: { limit: 0, asc: true }, finds: NAMES, applied: "100" },
        { name: "the largest limit", pagination: { limit: 1000, asc: true }, finds: NAMES, applied: "1000" },
        { name: "an offset at the end", pagination: { offset: 5 }, finds: [], applied: "100" },
        { name: "the largest offset", pagination: { offset: "18446744073709551615" }, finds: [], applied: "100" },
      ];
      for (const { name, pagination, finds, applied } of parts) {
        it(`answers the part that ${name} asks for, the true total and the limit`, async () => {
          const found = await search({ pagination });
          assert.deepEqual(found.names, finds);
          assert.deepEqual(found.pagination, { totalResult: "5", appliedLimit: applied });
        });
      }

      it("refuses a limit beyond 1000 with 400", async () => {
        for (const limit of [1001, 4294967295]) {
          const answer = await server.request("POST", path, { pagination: { limit } });
          const says = new RegExp(`^pagination\\.limit is ${limit}\\. Ask for at most 1000`);
          assertRefused(answer, { status: 400, code: 3, reason: "BAD_REQUEST", id: "QUERY-4M0fs", says });
          assert.equal(violationsOf(answer)[0]?.field, "pagination.limit");
        }
      });

      it("shows a target as it is read by its id", async () => {
        const filters = [{ inTargetIdsFilter: { targetIds: [idOf("50% off")] } }];
        const { body } = await server.request("POST", path, { filters });
        const read = await server.request("GET", `/${version}/actions/targets/${idOf("50% off")}`);
        assert.deepEqual(body.targets, [read.body.target]);
      });

      it("refuses what the rules forbid with 400", async () => {
        const send = (request: unknown) => server.request("POST", path, request);
        assertInvalid(await send({ filters: [{}] }), [["filters[0].filter", "[required]"]]);
        assertInvalid(await send({ filters: [{ targetNameFilter: { targetName: "n".repeat(201) } }] }), [
          ["filters[0].target_name_filter.target_name", "[string.max_len]"],
        ]);
        assertInvalid(await send({ filters: [{ targetNameFilter: { method: 8 } }] }), [
          ["filters[0].target_name_filter.method", "given: 8"],
        ]);
        assertInvalid(await send({ sortingColumn: 9 }), [["sorting_column", "given: 9"]]);
      });
    });
  }
});
