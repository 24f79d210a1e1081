import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { assertInvalid, assertRefused, violationsOf, type ExpectedViolation } from "./harness/refusals.ts";
import { startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const URL_OF_1000 = "https://example.com/".padEnd(1000, "a");
/** Letters that no compression makes short, of three bytes each. */
const MANY_LETTERS = Array.from({ length: 1000 }, (_, i) => String.fromCodePoint(0x4e00 + ((i * 7919) % 20_000))).join(
  "",
);

describe("targets of the newer action APIs", () => {
  let server: TestServer;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
  });

  let count = 0;
  /** A body that creates a target, with a name of its own. What is given as undefined is left away. */
  const bodyWith = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
    name: `created ${++count}`,
    endpoint: "https://example.com/hook",
    timeout: "10s",
    restWebhook: { interruptOnError: true },
    ...changes,
  });

  for (const version of ["v2beta", "v2"]) {
    const path = `/${version}/actions/targets`;
    const create = (changes: Record<string, unknown> = {}): Promise<JsonAnswer> =>
      server.request("POST", path, bodyWith(changes));
    const created = async (changes: Record<string, unknown> = {}): Promise<any> => {
      const { status, body } = await create(changes);
      assert.equal(status, 200, JSON.stringify(body));
      return body;
    };
    const get = async (id: string): Promise<any> => {
      const { status, body } = await server.request("GET", `${path}/${id}`);
      assert.equal(status, 200, JSON.stringify(body));
      return body.target;
    };

    describe(`POST ${path}`, () => {
      it("answers 200 with the id and the time of creation", async () => {
        const { id, creationDate } = await created();
        assert.match(id, /^\d{17,19}$/);
        assert.match(creationDate, DATE);
        const target = await get(id);
        assert.deepEqual([target.creationDate, target.changeDate], [creationDate, creationDate]);
      });

      it("makes targets of the dialect v2", async () => {
        const { id } = await created();
        const { body } = await server.request("GET", `/v1/targets/${id}/settings`);
        assert.equal(body.settings.dialect, "DIALECT_V2");
      });

      const accepted: readonly { name: string; changes: Record<string, unknown> }[] = [
        { name: "a name of 1000 characters", changes: { name: `${version}${"n".repeat(1000 - version.length)}` } },
        { name: "1000 characters beyond the first plane", changes: { name: `${version} `.padEnd(1000 + 993, "😀") } },
        { name: "1000 different characters", changes: { name: `${version} `.padEnd(1000, MANY_LETTERS) } },
        { name: "an endpoint of 1000 characters", changes: { endpoint: URL_OF_1000 } },
        { name: "a timeout of 270 seconds", changes: { timeout: "270s" } },
        { name: "a timeout of a nanosecond", changes: { timeout: "0.000000001s" } },
        { name: "restWebhook without interruptOnError", changes: { restWebhook: {} } },
        { name: "restCall", changes: { restWebhook: undefined, restCall: { interruptOnError: true } } },
        { name: "restAsync", changes: { restWebhook: undefined, restAsync: {} } },
      ];
      for (const { name, changes } of accepted) {
        it(`takes ${name}, and reads it back as it was given`, async () => {
          const body = bodyWith(changes);
          const { id, creationDate, ...more } = await created(body);
          const { signingKey, payloadType, ...target } = await get(id);
          assert.deepEqual(target, {
            id,
            creationDate,
            changeDate: creationDate,
            ...JSON.parse(JSON.stringify(body)),
          });
          assert.equal(typeof signingKey, typeof more.signingKey);
          if (version === "v2beta") assert.equal(payloadType, undefined);
        });
      }

      const invalid: readonly {
        name: string;
        changes: Record<string, unknown>;
        violations: readonly ExpectedViolation[];
      }[] = [
        { name: "no name", changes: { name: undefined }, violations: [["name", "at least 1", "[string.min_len]"]] },
        {
          name: "a name of 1001 characters",
          changes: { name: "n".repeat(1001) },
          violations: [["name", "at most 1000", "[string.max_len]", "(1001 characters)"]],
        },
        { name: "an empty endpoint", changes: { endpoint: "" }, violations: [["endpoint", "[string.min_len]"]] },
        {
          name: "an endpoint of 1001 characters",
          changes: { endpoint: `${URL_OF_1000}a` },
          violations: [["endpoint", "at most 1000", "[string.max_len]"]],
        },
        {
          name: "a timeout of more than 270 seconds",
          changes: { timeout: "270.000000001s" },
          violations: [["timeout", "270s"]],
        },
        { name: "a negative timeout", changes: { timeout: "-1s" }, violations: [["timeout", "0s"]] },
        { name: "no type", changes: { restWebhook: undefined }, violations: [["target_type", "exactly one"]] },
      ];
      for (const { name, changes, violations } of invalid) {
        it(`refuses ${name} with 400, naming the field and the rule`, async () => {
          assertInvalid(await create(changes), violations);
        });
      }

      for (const [name, timeout] of [
        ["no timeout", undefined],
        ["a timeout of nothing", "0s"],
      ] as const) {
        it(`refuses ${name} by the command`, async () => {
          const id = "COMMAND-39f35d8uri";
          const expected = { status: 400, code: 3, reason: "TARGET_INVALID", id, says: /longer than 0s/ };
          assertRefused(await create({ timeout }), expected);
        });
      }

      for (const endpoint of ["/hook", "example.com/hook", "ftp://example.com/hook", "https://"]) {
        it(`refuses the endpoint ${endpoint} by the command, for there is no rule for it`, async () => {
          const answer = await create({ endpoint });
          const id = "COMMAND-1r2k6qo6wg";
          assertRefused(answer, { status: 400, code: 3, reason: "TARGET_INVALID", id, says: /endpoint/ });
          assert.equal(violationsOf(answer)[0]?.field, "endpoint");
        });
      }

      it("refuses a name that is taken in any case of letters with 409, by whatever API", async () => {
        const name = `Taken in ${version}`;
        await createTarget(server, { name, endpoint: "https://example.com/" });
        const id = "V3-DKcYh";
        const expected = { status: 409, code: 6, reason: "TARGET_EXISTS", id, says: /taken by target/ };
        assertRefused(await create({ name: name.toUpperCase() }), expected);
        const long = `${version} again `.padEnd(1000, MANY_LETTERS);
        await created({ name: long });
        assertRefused(await create({ name: long.toUpperCase() }), expected);
      });
    });

    describe(`POST ${path}/{id}`, () => {
      const update = (id: string, changes: unknown): Promise<JsonAnswer> =>
        server.request("POST", `${path}/${id}`, changes);

      it("changes what is given and keeps the rest", async () => {
        const { id } = await created();
        const before = await get(id);
        const { status, body } = await update(id, { timeout: "20s", restCall: {} });
        assert.equal(status, 200, JSON.stringify(body));
        assert.match(body.changeDate, DATE);
        assert.equal(body.signingKey, undefined);
        const { restWebhook: _, ...kept } = before;
        const expected = { ...kept, timeout: "20s", restCall: {}, changeDate: body.changeDate };
        assert.deepEqual(await get(id), expected);
        await update(id, { name: `renamed in ${version}`, endpoint: "https://example.com/new" });
        const { name, endpoint, timeout } = await get(id);
        assert.deepEqual([name, endpoint, timeout], [`renamed in ${version}`, "https://example.com/new", "20s"]);
      });

      it("adds no event and answers the old date when nothing changes", async () => {
        const { id, creationDate } = await created();
        for (const changes of [{}, { timeout: "10s", restWebhook: { interruptOnError: true } }]) {
          assert.deepEqual((await update(id, changes)).body, { changeDate: creationDate });
        }
        const { body } = await server.request("GET", `/v3alpha/targets/${id}`);
        assert.equal(body.target.details.sequence, "1");
      });

      it("refuses an id that there is none of with 404", async () => {
        const id = "COMMAND-xj14f2cccn";
        const expected = { status: 404, code: 5, reason: "TARGET_NOT_FOUND", id, says: /no target "404"/ };
        assertRefused(await update("404", { timeout: "1s" }), expected);
      });

      it("refuses what the rules forbid with 400", async () => {
        const { id } = await created();
        assertInvalid(await update(id, { name: "" }), [["name", "[string.min_len]"]]);
        assertInvalid(await update(id, { name: "n".repeat(1001) }), [["name", "[string.max_len]"]]);
        assertInvalid(await update(id, { endpoint: "" }), [["endpoint", "[string.min_len]"]]);
        assertInvalid(await update(id, { timeout: "271s" }), [["timeout", "270s"]]);
        assertInvalid(await update(id, { expirationSigningKey: "1s" }), [["expiration_signing_key", "0s"]]);
        assertInvalid(await update("1".repeat(201), {}), [["id", "[string.max_len]"]]);
        const timeout = { status: 400, code: 3, reason: "TARGET_INVALID", id: "COMMAND-39f35d8uri", says: /than 0s/ };
        assertRefused(await update(id, { timeout: "0s" }), timeout);
        const endpoint = { status: 400, code: 3, reason: "TARGET_INVALID", id: "COMMAND-1r2k6qo6wg", says: /absolute/ };
        assertRefused(await update(id, { endpoint: "hook" }), endpoint);
      });

      it("is POST alone", async () => {
        const { id } = await created();
        for (const verb of ["PUT", "PATCH"]) {
          const says = /POST/;
          const expected = { status: 405, code: 12, reason: "VERB_NOT_ALLOWED", says };
          assertRefused(await server.request(verb, `${path}/${id}`, {}), expected);
        }
      });
    });

    describe(`DELETE ${path}/{id}`, () => {
      it("answers when it was deleted, once, and success without a date from then on", async () => {
        const { id, creationDate } = await created();
        const { status, body } = await server.request("DELETE", `${path}/${id}`);
        assert.equal(status, 200);
        assert.match(body.deletionDate, DATE);
        assert.ok(body.deletionDate >= creationDate);
        for (const gone of [id, "404"]) {
          const again = await server.request("DELETE", `${path}/${gone}`);
          assert.deepEqual([again.status, again.body], [200, {}]);
        }
        const expected = {
          status: 404,
          code: 5,
          reason: "TARGET_NOT_FOUND",
          id: "QUERY-hj5oaniyrz",
          says: /no target/,
        };
        assertRefused(await server.request("GET", `${path}/${id}`), expected);
      });

      it("takes the target out of executions, and deletes those that are left with nothing", async () => {
        const [kept, gone] = [(await created()).id, (await created()).id];
        const both = { function: { name: "preuserinfo" } };
        const alone = { function: { name: "preaccesstoken" } };
        const executions = `/${version}/actions/executions`;
        assert.equal((await server.request("PUT", executions, { condition: both, targets: [gone, kept] })).status, 200);
        assert.equal((await server.request("PUT", executions, { condition: alone, targets: [gone] })).status, 200);
        await server.request("DELETE", `${path}/${gone}`);
        const filters = [{ inConditionsFilter: { conditions: [both, alone] } }];
        const { body } = await server.request("POST", `${executions}/search`, { filters });
        assert.deepEqual(
          body.executions.map(({ condition, targets }: any) => ({ condition, targets })),
          [{ condition: both, targets: [kept] }],
        );
      });

      it("refuses an id of 201 characters with 400", async () => {
        assertInvalid(await server.request("DELETE", `${path}/${"1".repeat(201)}`), [["id", "[string.max_len]"]]);
      });
    });
  }

  it("are the same in every version, whichever wrote them", async () => {
    const byVersion: Readonly<Record<string, () => Promise<string>>> = {
      v3alpha: () => createTarget(server, { name: "by v3alpha", endpoint: "https://example.com/", timeout: "300s" }),
      v2beta: async () => (await server.request("POST", "/v2beta/actions/targets", bodyWith())).body.id,
      v2: async () => (await server.request("POST", "/v2/actions/targets", bodyWith())).body.id,
    };
    for (const [version, make] of Object.entries(byVersion)) {
      const id = await make();
      const [alpha, beta, v2] = await Promise.all(
        [`/v3alpha/targets/${id}`, `/v2beta/actions/targets/${id}`, `/v2/actions/targets/${id}`].map(
          async (path) => (await server.request("GET", path)).body.target,
        ),
      );
      const { payloadType: _, ...shared } = v2;
      assert.deepEqual(beta, shared, version);
      const { targetId, details, ...fields } = alpha;
      const { id: ownId, creationDate: _created, changeDate, signingKey: _key, ...own } = beta;
      assert.deepEqual(fields, own);
      assert.deepEqual([targetId, details.changeDate], [ownId, changeDate]);
    }
  });
});
