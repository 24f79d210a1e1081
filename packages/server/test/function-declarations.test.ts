import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { createTarget, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { assertInvalid, assertRefused, violationsOf, type ExpectedRefusal } from "./harness/refusals.ts";
import { startServer, temporaryDirectory, type JsonAnswer, type TestServer } from "./harness/server.ts";

const NUMBER = { type: "object", properties: { n: { type: "number" } } };
const BUILTIN = 14;

/** Checks a refusal; by default INVALID_ARGUMENT. */
function check(
  answer: JsonAnswer,
  expected: Partial<ExpectedRefusal> & { readonly reason: string; readonly says: RegExp },
): void {
  assertRefused(answer, { status: 400, code: 3, ...expected });
}

describe("functions that are declared", () => {
  const suite = forSuite();
  let server: TestServer;
  before(async () => {
    const file = join(await temporaryDirectory(suite), "interpose.yaml");
    await writeFile(
      file,
      [
        "functions:",
        "  - name: from-settings",
        "    description: declared in a file",
        "    input: {type: object, required: [n]}",
        "  - name: zz.last",
        "",
      ].join("\n"),
    );
    server = await startServer(suite, { flags: ["--config", file] });
  });

  const create = (given: unknown): Promise<JsonAnswer> => server.request("POST", "/v1/functions", given);
  const get = (name: string): Promise<JsonAnswer> => server.request("GET", `/v1/functions/${name}`);
  const update = (name: string, given: unknown, mask = ""): Promise<JsonAnswer> =>
    server.request("PATCH", `/v1/functions/${name}${mask === "" ? "" : `?updateMask=${mask}`}`, given);
  const remove = (name: string): Promise<JsonAnswer> => server.request("DELETE", `/v1/functions/${name}`);
  const invoke = (name: string, input: unknown): Promise<JsonAnswer> =>
    server.request("POST", `/v1/functions/${name}:invoke`, { input });
  const names = async (): Promise<readonly string[]> =>
    (await server.request("GET", "/v3alpha/executions/functions")).body.functions;
  async function created(given: { readonly name: string }): Promise<void> {
    const { status, body } = await create(given);
    assert.equal(status, 201, JSON.stringify(body));
  }

  it("are answered as they were given", async () => {
    const given = {
      name: "price",
      description: "a price",
      inputSchema: NUMBER,
      replySchema: { z: 1, a: [null, { b: 2 }] },
    };
    const { status, body } = await create(given);
    assert.equal(status, 201);
    const { createTime, updateTime, ...rest } = body.function;
    assert.deepEqual(rest, { ...given, origin: "FUNCTION_ORIGIN_API" });
    assert.equal(createTime, updateTime);
    assert.deepEqual((await get("price")).body, body);
    assert.deepEqual(Object.keys(body.function.replySchema), ["z", "a"], "in their order");
  });

  it("can be named by executions, and invoked, at once", async () => {
    const target = await createTarget(server, { endpoint: "https://example.com/", type: "restAsync" });
    const set = (): Promise<JsonAnswer> =>
      server.request("PUT", "/v3alpha/executions", {
        condition: { function: { name: "nameable" } },
        targets: [{ target }],
      });
    const unknown = {
      status: 404,
      code: 5,
      reason: "CONDITION_UNKNOWN",
      id: "COMMAND-cdy39t0ksr",
      says: /^There is no function "nameable"/,
    };
    check(await set(), unknown);
    check(await invoke("nameable", {}), {
      status: 404,
      code: 5,
      reason: "FUNCTION_NOT_FOUND",
      says: /^There is no function/,
    });
    await created({ name: "nameable" });
    assert.equal((await set()).status, 200);
    assert.equal((await invoke("nameable", {})).status, 200);
  });

  it("are listed behind the built-in ones, by name, in both lists", async () => {
    await created({ name: "list.b" });
    await created({ name: "Capital" });
    const all = await names();
    assert.equal(all[9], "preuserinfo");
    const others = all.slice(BUILTIN);
    assert.deepEqual(others, [...others].sort());
    for (const name of ["list.b", "Capital", "from-settings", "zz.last"]) assert.ok(others.includes(name), name);
    const { body } = await server.request("GET", "/v1/functions?pageSize=1000");
    assert.deepEqual(
      body.functions.map(({ name }: { name: string }) => name),
      all,
    );
    assert.equal(body.nextPageToken, undefined);
  });

  it("are listed page by page, while functions come and go", async () => {
    for (const name of ["page.1", "page.2", "page.3"]) await created({ name });
    const all = await names();
    const found: string[] = [];
    let token = "";
    do {
      const { status, body } = await server.request("GET", `/v1/functions?pageSize=4&pageToken=${token}`);
      assert.equal(status, 200, JSON.stringify(body));
      found.push(...body.functions.map(({ name }: { name: string }) => name));
      token = body.nextPageToken ?? "";
      // The one that a page ended with need not be there any more.
      if (found.at(-1)?.startsWith("page.")) await remove(found.at(-1) ?? "");
    } while (token !== "");
    assert.deepEqual(found, all);
    check(await server.request("GET", "/v1/functions?pageToken=%21%21"), {
      reason: "PAGE_TOKEN_INVALID",
      says: /page_token/,
    });
    assertInvalid(await server.request("GET", "/v1/functions?pageSize=1001"), [["page_size", "1000"]]);
  });

  it("change one by one, by what is given or by what the mask names", async () => {
    await created({ name: "changing" });
    const changed = async (given: unknown, mask = ""): Promise<unknown> => {
      const { status, body } = await update("changing", given, mask);
      assert.equal(status, 200, JSON.stringify(body));
      const { name, origin: _origin, createTime: _createTime, updateTime: _updateTime, ...rest } = body.function;
      assert.equal(name, "changing");
      return rest;
    };
    assert.deepEqual(await changed({ description: "d" }), { description: "d" });
    assert.deepEqual(await changed({ inputSchema: NUMBER }), { description: "d", inputSchema: NUMBER });
    assert.deepEqual(await changed({ description: "e", inputSchema: {} }, "description"), {
      description: "e",
      inputSchema: NUMBER,
    });
    assert.deepEqual(await changed({ replySchema: NUMBER }, "inputSchema,replySchema"), {
      description: "e",
      replySchema: NUMBER,
    });
    assert.deepEqual(await changed({ description: "f" }, "*"), { description: "f" });
    const { body: before } = await get("changing");
    assert.deepEqual(await changed({ description: "f" }), { description: "f" });
    assert.deepEqual((await get("changing")).body, before, "nothing changed, and no time did");
    check(await update("changing", {}, "name"), {
      reason: "BAD_REQUEST",
      says: /^update_mask: "name" cannot be changed/,
    });
  });

  it("have their new schema in force from the moment that it is answered", async () => {
    await created({ name: "strict" });
    assert.equal((await invoke("strict", { n: "1" })).status, 200);
    await update("strict", { inputSchema: NUMBER });
    check(await invoke("strict", { n: "1" }), { reason: "FUNCTION_INPUT_INVALID", says: /input\.n must be a number/ });
    await update("strict", {}, "inputSchema");
    assert.equal((await invoke("strict", { n: "1" })).status, 200);
  });

  it("are removed, and may come again with nothing of before", async () => {
    const target = await createTarget(server, { endpoint: "https://example.com/", type: "restAsync" });
    await created({ name: "passing" });
    const condition = { function: { name: "passing" } };
    await setExecution(server, condition, [target]);
    check(await remove("passing"), {
      code: 9,
      reason: "FUNCTION_IN_USE",
      says: /^An execution is set on the function "passing"\. Delete/,
    });
    await server.request("DELETE", "/v3alpha/executions", { condition });
    assert.deepEqual([(await remove("passing")).status, (await get("passing")).status], [200, 404]);
    check(await remove("passing"), {
      status: 404,
      code: 5,
      reason: "FUNCTION_NOT_FOUND",
      says: /^There is no function "passing"/,
    });
    await create({ name: "passing", inputSchema: NUMBER });
    check(await invoke("passing", { n: "1" }), { reason: "FUNCTION_INPUT_INVALID", says: /./ });
  });

  it("are those of the settings too, which stay as they are there", async () => {
    const { body } = await get("from-settings");
    assert.deepEqual(body.function, {
      name: "from-settings",
      description: "declared in a file",
      inputSchema: { type: "object", required: ["n"] },
      origin: "FUNCTION_ORIGIN_SETTINGS",
    });
    check(await invoke("from-settings", {}), { reason: "FUNCTION_INPUT_INVALID", says: /input\.n is missing/ });
    const fixed = {
      code: 9,
      reason: "FUNCTION_FIXED",
      says: /^The function "from-settings" is declared in the settings/,
    };
    check(await update("from-settings", { description: "x" }), fixed);
    check(await remove("from-settings"), fixed);
    check(await create({ name: "from-settings" }), {
      status: 409,
      code: 6,
      reason: "FUNCTION_EXISTS",
      says: /in the settings of this server/,
    });
  });

  it("are none of the built-in ones", async () => {
    const { body } = await get("preaccesstoken");
    assert.equal(body.function.origin, "FUNCTION_ORIGIN_BUILTIN");
    assert.ok(body.function.replySchema.properties.append_claims);
    const fixed = { code: 9, reason: "FUNCTION_FIXED", says: /^The function "preaccesstoken" is built in/ };
    check(await update("preaccesstoken", { description: "x" }), fixed);
    check(await remove("preaccesstoken"), fixed);
    check(await create({ name: "preaccesstoken" }), {
      status: 409,
      code: 6,
      reason: "FUNCTION_EXISTS",
      says: /which is built in/,
    });
  });

  it("have a name that no other has", async () => {
    await created({ name: "single" });
    check(await create({ name: "single" }), {
      status: 409,
      code: 6,
      reason: "FUNCTION_EXISTS",
      says: /^There is a function "single" already\. /,
    });
    const answers = await Promise.all(Array.from({ length: 5 }, () => create({ name: "raced" })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409, 409, 409]);
  });

  const refused: readonly { readonly given: object; readonly field: string; readonly says: RegExp }[] = [
    ...["", "a/b", "1a", ".a", "a b", "ä", "a\u0000", "__proto__", "a:b"].map((name) => ({
      given: { name },
      field: "function.name",
      says: /is no name of a function/,
    })),
    {
      given: { name: "ok", inputSchema: { type: "text" } },
      field: "function.input_schema",
      says: /#\/type must be one/,
    },
    {
      given: { name: "ok", replySchema: { $ref: "https://example.com/x" } },
      field: "function.reply_schema",
      says: /not fetched/,
    },
    { given: { name: "ok", inputSchema: { pattern: "(?=a)" } }, field: "function.input_schema", says: /Look-around/ },
    {
      given: { name: "ok", inputSchema: { description: "x".repeat(66_000) } },
      field: "function.input_schema",
      says: /65536 are allowed/,
    },
  ];
  for (const { given, field, says } of refused) {
    it(`are refused as ${JSON.stringify(given).slice(0, 80)}`, async () => {
      const answer = await create(given);
      check(answer, { reason: "FUNCTION_INVALID", says });
      assert.deepEqual(
        violationsOf(answer).map((each) => each.field),
        [field],
      );
    });
  }

  it("are refused with what is too long, or with nothing", async () => {
    assertInvalid(await create({ name: "x".repeat(201) }), [["function.name", "200"]]);
    assertInvalid(await create({ name: "a", description: "x".repeat(1_001) }), [["function.description", "1000"]]);
    check(await update("single", { inputSchema: { type: "text" } }), {
      reason: "FUNCTION_INVALID",
      says: /^function\.input_schema: #\/type/,
    });
  });
});
