// The README's promise: nobody locks oneself out. One story, told in order, on one server.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { commandLine, storeOf, type CommandLine } from "./harness/command-line.ts";
import { eventually } from "./harness/eventually.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";

/** A port of loopback on which nothing listens. */
const UNREACHABLE = "http://127.0.0.1:1/";
/** Shorter than the time between two looks of the router by itself: what is seen within it was told by the store. */
const AT_ONCE_MS = 1_500;

describe("an owner whose unreachable target interrupts every request and every response", () => {
  const suite = forSuite();
  let server: TestServer;
  let cli: CommandLine;
  let direct: CommandLine;
  let target: string;
  let editor: string;
  before(async () => {
    server = await startServer(suite);
    cli = commandLine({ INTERPOSE_URL: server.url, INTERPOSE_TOKEN: ADMIN_TOKEN });
    direct = commandLine(storeOf(server), ["--direct"]);
    target = await createTarget(server, { endpoint: UNREACHABLE });
    const { body } = await server.request("POST", "/v1/tokens", { name: "editor", role: "ROLE_EDITOR" });
    editor = body.token as string;
  });

  const search = (headers: Readonly<Record<string, string>> = {}, token: string = ADMIN_TOKEN) =>
    server.request("POST", "/v3alpha/executions/search", {}, { headers, token });
  const conditionsSet = async (): Promise<readonly string[]> =>
    (await direct.json("executions", "list")).executions.map(({ condition }: { condition: string }) => condition);

  it("sets them: what was in force when a call began holds for all of it, and no more", async () => {
    await cli.json("executions", "set", "response", "--target", target);
    // Done, though its response is the first that is refused.
    await cli.refused(1, "executions", "set", "request", "--target", target);
    assert.deepEqual(await conditionsSet(), ["request", "response"]);
  });

  it("is locked out: no call passes, neither the one that would undo it", async () => {
    for (const token of [ADMIN_TOKEN, editor]) {
      const { status, body } = await search({}, token);
      assert.equal(status, 503);
      assert.equal(body.details.find((each: { reason?: string }) => each.reason).reason, "TARGET_UNAVAILABLE");
      assert.ok(!JSON.stringify(body).includes(UNREACHABLE), "the target's address is nobody's business");
    }
    for (const args of [["list"], ["delete", "request"], ["delete", "response"]]) {
      const text = await cli.refused(1, "executions", ...args);
      assert.match(text, /\nWith --bypass or --direct no target is called\.$/);
    }
    await cli.refused(1, "targets", "delete", target);
    assert.deepEqual(await conditionsSet(), ["request", "response"]);
  });

  it("gets past it with the header interpose-bypass, which others cannot", async () => {
    const bypass = { "interpose-bypass": "true" };
    const { status, body } = await search(bypass);
    assert.deepEqual([status, body.result.length], [200, 2]);
    const refused = await search(bypass, editor);
    assert.equal(refused.status, 403);
    assert.match(refused.body.message, /execution\.bypass/);
    assert.equal((await search({ "interpose-bypass": "false" })).status, 503);
    const unclear = await search({ "interpose-bypass": "yes" });
    assert.equal(unclear.status, 400);
    assert.match(unclear.body.message, /interpose-bypass is "yes"; it can be "true" or "false"/);
  });

  it("deletes both straight in the store, and the running server knows at once", async () => {
    assert.deepEqual(await direct.lines("executions", "delete", "request"), ["Deleted request."]);
    assert.equal((await search()).status, 503, "responses are still refused");
    assert.deepEqual(await direct.lines("executions", "delete", "response"), ["Deleted response."]);
    await eventually("calls pass again", async () => (await search()).status === 200, AT_ONCE_MS);
    assert.deepEqual(await cli.json("executions", "list"), { executions: [] });
  });

  it("undoes it with --bypass too, and the server that answered has it in force before it answers", async () => {
    await cli.json("executions", "set", "response", "--target", target, "--bypass");
    await cli.json("executions", "set", "request", "--target", target, "--bypass");
    assert.equal((await search()).status, 503);
    const { executions } = await cli.json("executions", "list", "--bypass");
    assert.deepEqual(
      executions.map(({ condition }: { condition: string }) => condition),
      ["request", "response"],
    );
    await cli.json("executions", "delete", "request", "--bypass");
    await cli.json("executions", "delete", "response", "--bypass");
    assert.equal((await search()).status, 200);
  });

  it("undoes it by deleting the target straight in the store, which takes its executions along", async () => {
    await cli.json("executions", "set", "request", "--target", target);
    assert.equal((await search()).status, 503);
    await direct.json("targets", "delete", target);
    await eventually("calls pass again", async () => (await search()).status === 200, AT_ONCE_MS);
    assert.deepEqual(await conditionsSet(), []);
  });
});
