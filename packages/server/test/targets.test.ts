import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { Code } from "@connectrpc/connect";
import { BadRequestSchema } from "@interpose/protocol/gen/google/rpc/error_details_pb";
import { forSuite } from "./harness/cleanup.ts";
import { actionClient, refusal } from "./harness/clients.ts";
import { assertInvalid, assertRefused, violationsOf, type ExpectedViolation } from "./harness/refusals.ts";
import { startServer, type JsonAnswer, type TestServer } from "./harness/server.ts";

const PATH = "/v3alpha/targets";
const URL_OF_1000 = "https://example.com/".padEnd(1000, "a");

describe("targets", () => {
  let server: TestServer;
  const suite = forSuite();
  before(async () => {
    server = await startServer(suite);
  });

  let count = 0;
  /** A body that creates a target, with a name of its own. What is given as undefined is left away. */
  const bodyWith = (changes: Record<string, unknown>): Record<string, unknown> => ({
    name: `created ${++count}`,
    endpoint: "https://example.com/hook",
    timeout: "10s",
    restWebhook: { interruptOnError: true },
    ...changes,
  });
  const create = (changes: Record<string, unknown> = {}): Promise<JsonAnswer> =>
    server.request("POST", PATH, bodyWith(changes));
  const get = async (id: string): Promise<any> => {
    const answer = await server.request("GET", `${PATH}/${id}`);
    assert.equal(answer.status, 200);
    assert.deepEqual(Object.keys(answer.body), ["target"]);
    return answer.body.target;
  };

  describe("POST /v3alpha/targets", () => {
    it("answers 201 with the id and details of the first event", async () => {
      const { status, body } = await create();
      assert.equal(status, 201);
      assert.deepEqual(Object.keys(body), ["id", "details"]);
      assert.match(body.id, /^\d{17,19}$/);
      assert.equal(body.details.sequence, "1");
      assert.match(body.details.changeDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
      assert.match(body.details.resourceOwner, /^\d{17,19}$/);
    });

    const accepted: readonly { name: string; changes: Record<string, unknown> }[] = [
      { name: "a name of one character", changes: { name: "n" } },
      { name: "a name of 200 characters", changes: { name: "n".repeat(200) } },
      { name: "a name of 200 characters beyond the first plane", changes: { name: "😀".repeat(200) } },
      { name: "an endpoint of 1000 characters", changes: { endpoint: URL_OF_1000 } },
      { name: "an endpoint with http", changes: { endpoint: "http://hooks.internal:8080/a?b=c" } },
      { name: "a timeout of half a second", changes: { timeout: "0.500s" } },
      { name: "a timeout of a nanosecond", changes: { timeout: "0.000000001s" } },
      { name: "the longest timeout that a duration can be", changes: { timeout: "315576000000s" } },
      { name: "restWebhook without interruptOnError", changes: { restWebhook: {} } },
      { name: "restCall", changes: { restWebhook: undefined, restCall: { interruptOnError: true } } },
      { name: "restCall without interruptOnError", changes: { restWebhook: undefined, restCall: {} } },
      { name: "restAsync", changes: { restWebhook: undefined, restAsync: {} } },
    ];
    for (const { name, changes } of accepted) {
      it(`takes ${name}, and reads it back as it was given`, async () => {
        const body = bodyWith(changes);
        const { status, body: answer } = await server.request("POST", PATH, body);
        assert.equal(status, 201, JSON.stringify(answer));
        const expected = { targetId: answer.id, details: answer.details, ...body };
        assert.deepEqual(await get(answer.id), JSON.parse(JSON.stringify(expected)));
      });
    }

    it("writes that an async target does not interrupt, whatever is asked of it", async () => {
      const { body } = await create({ restWebhook: undefined, restAsync: { interruptOnError: true } });
      assert.deepEqual((await get(body.id)).restAsync, {});
    });

    const invalid: readonly {
      name: string;
      changes: Record<string, unknown>;
      violations: readonly ExpectedViolation[];
    }[] = [
      { name: "no name", changes: { name: undefined }, violations: [["name", "at least 1", "[string.min_len]", '""']] },
      { name: "an empty name", changes: { name: "" }, violations: [["name", "at least 1", "[string.min_len]", '""']] },
      {
        name: "a name of 201 characters",
        changes: { name: "n".repeat(201) },
        violations: [["name", "at most 200", "[string.max_len]", `given: "${"n".repeat(60)}"… (201 characters)`]],
      },
      {
        name: "a name of 201 characters beyond the first plane",
        changes: { name: "😀".repeat(201) },
        violations: [["name", "at most 200", "[string.max_len]", `given: "${"😀".repeat(60)}"… (201 characters)`]],
      },
      {
        name: "an empty endpoint",
        changes: { endpoint: "" },
        violations: [
          ["endpoint", "at least 1", "[string.min_len]", 'given: ""'],
          ["endpoint", "[string.uri_empty]"],
        ],
      },
      {
        name: "an endpoint of 1001 characters",
        changes: { endpoint: `${URL_OF_1000}a` },
        violations: [["endpoint", "at most 1000", "[string.max_len]", 'given: "https://example.com/', "(1001 char"]],
      },
      {
        name: "a relative endpoint",
        changes: { endpoint: "/hook" },
        violations: [["endpoint", "valid URI", "[string.uri]", 'given: "/hook"']],
      },
      {
        name: "an endpoint without a scheme",
        changes: { endpoint: "example.com/hook" },
        violations: [["endpoint", "valid URI", "[string.uri]", 'given: "example.com/hook"']],
      },
      {
        name: "no timeout",
        changes: { timeout: undefined },
        violations: [["timeout", "required", "[required]", "given: nothing"]],
      },
      {
        name: "a timeout of nothing",
        changes: { timeout: "0s" },
        violations: [["timeout", "greater than 0s", "[duration.gt]", 'given: "0s"']],
      },
      {
        name: "a negative timeout",
        changes: { timeout: "-1s" },
        violations: [["timeout", "greater than 0s", "[duration.gt]", 'given: "-1s"']],
      },
      {
        name: "no type",
        changes: { restWebhook: undefined },
        violations: [["target_type", "exactly one", "[required]", "given: nothing"]],
      },
      {
        name: "several things that are wrong, all of them",
        changes: { name: "", timeout: "0s", endpoint: "hook", restWebhook: undefined },
        violations: [
          ["name", "[string.min_len]"],
          ["timeout", "[duration.gt]"],
          ["endpoint", "[string.uri]", 'given: "hook"'],
          ["target_type", "[required]"],
        ],
      },
    ];
    for (const { name, changes, violations } of invalid) {
      it(`refuses ${name} with 400, naming the field, the rule and what was given`, async () => {
        assertInvalid(await create(changes), violations);
      });
    }

    const unreadable: readonly { name: string; changes: Record<string, unknown>; field?: string; says: RegExp }[] = [
      { name: "two types", changes: { restCall: {} }, says: /either restWebhook or restCall/ },
      {
        name: "a timeout beyond a duration",
        changes: { timeout: "315576000001s" },
        field: "timeout",
        says: /duration/,
      },
      { name: "a timeout in minutes", changes: { timeout: "5m" }, field: "timeout", says: /such as "10s", not "5m"/ },
      { name: "a timeout that is a number", changes: { timeout: 10 }, field: "timeout", says: /such as "10s"/ },
      { name: "a name that is a number", changes: { name: 10 }, field: "name", says: /name: expected a text/ },
      { name: "half a character in the name", changes: { name: "a\ud800" }, field: "name", says: /whole characters/ },
      { name: "a NUL in the name", changes: { name: "a\0b" }, says: /cannot be stored, such as NUL/ },
    ];
    for (const { name, changes, field, says } of unreadable) {
      it(`refuses ${name} with 400`, async () => {
        const answer = await create(changes);
        assertRefused(answer, { status: 400, code: 3, reason: "BAD_REQUEST", says });
        assert.equal(violationsOf(answer)[0]?.field, field);
      });
    }

    it("refuses an endpoint that cannot be called by http or https", async () => {
      const answer = await create({ endpoint: "ftp://example.com/hook" });
      const id = "COMMAND-1r2k6qo6wg";
      assertRefused(answer, { status: 400, code: 3, reason: "TARGET_INVALID", id, says: /scheme is "ftp"/ });
      assert.equal(violationsOf(answer)[0]?.field, "endpoint");
    });

    const sameNames: readonly { holder: string; given: string }[] = [
      { holder: "exactly this", given: "exactly this" },
      { holder: "Audit", given: "aUDIT" },
      { holder: "Prüfung der Äste", given: "PRÜFUNG DER ÄSTE" },
      { holder: "журнал", given: "ЖУРНАЛ" },
      { holder: "ΟΔΟΣ", given: "οδοσ" },
      { holder: "οδός", given: "ΟΔΌΣ" },
    ];
    for (const { holder, given } of sameNames) {
      it(`refuses "${given}" with 409 where there is "${holder}"`, async () => {
        const { body } = await create({ name: holder });
        const answer = await create({ name: given });
        const says = new RegExp(`"${given}" is taken by target "${body.id}"`);
        assertRefused(answer, { status: 409, code: 6, reason: "TARGET_EXISTS", id: "V3-DKcYh", says });
        assert.equal(violationsOf(answer)[0]?.field, "name");
      });
    }

    it("gives a name to one of many who ask for it at once", async () => {
      const answers = await Promise.all(Array.from({ length: 10 }, () => create({ name: "wanted by ten" })));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array.from({ length: 9 }, () => 409)]);
    });

    it("carries durations and types as numbers and oneofs over gRPC", async () => {
      const client = actionClient(server, "gRPC over HTTP/2");
      const request = {
        name: "made over gRPC",
        endpoint: "https://example.com/hook",
        timeout: { seconds: 2n, nanos: 500_000_000 },
        targetType: { case: "restCall", value: { interruptOnError: true } },
      } as const;
      const { id, details } = await client.createTarget(request);
      assert.equal(details?.sequence, 1n);
      const { target } = await client.getTargetByID({ targetId: id });
      assert.deepEqual([target?.timeout?.seconds, target?.timeout?.nanos], [2n, 500_000_000]);
      assert.ok(target?.targetType.case === "restCall" && target.targetType.value.interruptOnError);
      assert.deepEqual(target.details, details);
      const { timeout, restCall } = await get(id);
      assert.deepEqual({ timeout, restCall }, { timeout: "2.500s", restCall: { interruptOnError: true } });
      const taken = await refusal(client.createTarget({ ...request, name: "MADE over gRPC" }));
      assert.equal(taken.code, Code.AlreadyExists);
      const untyped = await refusal(client.createTarget({ ...request, targetType: { case: undefined } }));
      assert.equal(untyped.code, Code.InvalidArgument);
      assert.equal(untyped.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field, "target_type");
    });
  });

  describe("GET /v3alpha/targets/{target_id}", () => {
    it("spells durations and types as protobuf's JSON does", async () => {
      const whole = await create({ timeout: "10.0s", restWebhook: { interruptOnError: false } });
      const { timeout, restWebhook } = await get(whole.body.id);
      assert.deepEqual({ timeout, restWebhook }, { timeout: "10s", restWebhook: {} });
      const half = await create({ timeout: "0.5s" });
      assert.equal((await get(half.body.id)).timeout, "0.500s");
    });

    it("refuses an unknown id with 404", async () => {
      const id = "QUERY-hj5oaniyrz";
      const expected = { status: 404, code: 5, reason: "TARGET_NOT_FOUND", id, says: /no target "404"/ };
      assertRefused(await server.request("GET", `${PATH}/404`), expected);
    });

    it("refuses an id of 201 characters with 400", async () => {
      assertInvalid(await server.request("GET", `${PATH}/${"1".repeat(201)}`), [["target_id", "[string.max_len]"]]);
    });
  });
});
