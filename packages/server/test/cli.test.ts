import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { forSuite } from "./harness/cleanup.ts";
import { WAYS, type CommandLine } from "./harness/command-line.ts";
import { eventually } from "./harness/eventually.ts";
import { createTarget, methodName } from "./harness/api.ts";
import { secretOf, startServer, type TestServer } from "./harness/server.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const LIST_TARGETS = `request${methodName("ListTargets")}`;

describe("the command line", () => {
  const suite = forSuite();
  let server: TestServer;
  let hook: TestTarget;
  before(async () => {
    server = await startServer(suite);
    hook = await startTarget(suite);
  });

  /** The status that a caller gets for listing targets. */
  const statusFor = async (token: string): Promise<number> =>
    (await server.request("POST", "/v3alpha/targets/search", {}, { token })).status;

  for (const [way, open] of Object.entries(WAYS)) {
    describe(way, () => {
      let cli: CommandLine;
      before(() => (cli = open(server)));

      it("creates tokens that work at once, lists them, and revokes them at once", async () => {
        const options = ["--name", `deploy ${way}`, "--role", "editor", "--permission", "execution.bypass"];
        const created = await cli.documented("tokens create", ...options, "--expires", "30d");
        assert.equal(await statusFor(created.token), 200);
        const days = (Date.parse(created.expires) - Date.now()) / 86_400_000;
        assert.ok(days > 29.9 && days < 30, created.expires);

        const { tokens } = await cli.json("tokens", "list");
        const listed = tokens.find(({ id }: { id: string }) => id === created.id);
        assert.deepEqual(listed, {
          id: created.id,
          name: `deploy ${way}`,
          role: "editor",
          permissions: ["execution.bypass"],
          created: listed.created,
          expires: created.expires,
        });
        assert.ok(!JSON.stringify(tokens).includes(secretOf(created.token)), "its text is not listed");

        assert.deepEqual(await cli.documented("tokens revoke", created.id), { id: created.id });
        assert.equal(await statusFor(created.token), 401);
        const all = await cli.documented("tokens list", "--all");
        assert.ok(all.tokens.find(({ id }: { id: string }) => id === created.id).revoked);
      });

      it("creates tokens with single permissions, and without an end", async () => {
        const permissions = ["--permission", "execution.target.read", "execution.read", "--permission", "token.read"];
        const { id, token, expires } = await cli.json("tokens", "create", "--name", "reads", ...permissions);
        assert.equal(expires, undefined);
        assert.equal(await statusFor(token), 200);
        const { body } = await server.request("GET", "/v1/tokens");
        const listed = body.tokens.find((each: { id: string }) => each.id === id);
        assert.deepEqual(listed.permissions, ["execution.target.read", "execution.read", "token.read"]);
        assert.deepEqual([listed.role, listed.expireTime], [undefined, undefined]);
      });

      it("creates targets of each type, lists and deletes them", async () => {
        const names = ["webhook", "call", "async"].map((type) => `${type} ${way}`);
        const [webhook = "", call = "", async = ""] = names;
        const endpoint = "https://example.com/hook";
        const create = (name: string, ...options: string[]) =>
          cli.documented("targets create", "--name", name, "--endpoint", endpoint, ...options);
        const created = await Promise.all([
          create(webhook),
          create(call, "--type", "call", "--timeout", "1.5s", "--interrupt-on-error"),
          create(async, "--type", "async", "--timeout", "250ms"),
        ]);
        const ids = created.map(({ id }) => id as string);

        const { targets } = await cli.documented("targets list");
        const byName = (name: string): unknown => targets.find((each: { name: string }) => each.name === name);
        assert.deepEqual(names.map(byName), [
          { id: ids[0], name: webhook, type: "webhook", endpoint, timeoutMs: 10_000, interruptOnError: false },
          { id: ids[1], name: call, type: "call", endpoint, timeoutMs: 1_500, interruptOnError: true },
          { id: ids[2], name: async, type: "async", endpoint, timeoutMs: 250, interruptOnError: false },
        ]);
        const deleted = await Promise.all(ids.map((id) => cli.documented("targets delete", id)));
        assert.deepEqual(
          deleted,
          ids.map((id) => ({ id })),
        );
        const left = await server.request("POST", "/v3alpha/targets/search", {});
        assert.deepEqual(left.body.result ?? [], []);
      });

      it("sets executions that are in force at once, in the order of --target and --include, and deletes them", async () => {
        const create = (path: string): Promise<string> => createTarget(server, { endpoint: `${hook.url}${path}` });
        const [a, b, c] = [await create("a"), await create("b"), await create("c")];
        await cli.json("executions", "set", "event/audit.*", "--target", b);
        const entries = ["--target", c, "--include", "event/audit.*", "--target", a];
        const targets = [{ target: c }, { include: "event/audit.*" }, { target: a }];
        const audited = await cli.documented("executions set", "event/audited", ...entries);
        assert.deepEqual(audited, { condition: "event/audited", targets });
        await cli.json("executions", "delete", "event/audited");
        await cli.json("executions", "set", LIST_TARGETS, ...entries);
        const { executions } = await cli.documented("executions list");
        assert.deepEqual(executions, [
          { condition: "event/audit.*", targets: [{ target: b }] },
          { condition: LIST_TARGETS, targets },
        ]);

        await eventually("the server calls them", async () => {
          hook.calls.length = 0;
          await server.request("POST", "/v3alpha/targets/search", {});
          return hook.calls.length > 0;
        });
        assert.deepEqual(
          hook.calls.map(({ path }) => path),
          ["/c", "/b", "/a"],
        );

        for (const condition of [LIST_TARGETS, "event/audit.*"])
          assert.deepEqual(await cli.documented("executions delete", condition), { condition });
        assert.deepEqual(await cli.json("executions", "list"), { executions: [] });
        for (const id of [a, b, c]) await server.request("DELETE", `/v3alpha/targets/${id}`);
      });

      it("shows and changes how an execution runs, one option at a time", async () => {
        const id = await createTarget(server, { endpoint: hook.url });
        const condition = `response${methodName("GetTargetByID")}`;
        await cli.json("executions", "set", condition, "--target", id);
        const options = (...args: string[]): Promise<any> => cli.documented("executions options", condition, ...args);
        const shown = { condition, runOnErrors: false, hiddenFields: [] as string[] };
        assert.deepEqual(await cli.json("executions", "options", condition), shown);
        const paths = ["target.endpoint", "**.sequence"];
        assert.deepEqual(await options("--hide", ...paths), { ...shown, hiddenFields: paths });
        const both = { condition, runOnErrors: true, hiddenFields: paths };
        assert.deepEqual(await options("--run-on-errors"), both);
        assert.deepEqual(await options(), both);

        await eventually("they are in force", async () => {
          hook.calls.length = 0;
          await server.request("GET", "/v3alpha/targets/404");
          return hook.calls.length > 0;
        });
        await server.request("GET", `/v3alpha/targets/${id}`);
        assert.deepEqual(Object.keys(hook.calls.at(-1)?.body.response.target.details), [
          "change_date",
          "resource_owner",
        ]);

        assert.deepEqual(
          await cli.json("executions", "options", condition, "--no-run-on-errors", "--hide-nothing"),
          shown,
        );
        const text = `${condition} runs for no errors of the API, and hides no fields of its own.`;
        assert.deepEqual(await cli.lines("executions", "options", condition), [text]);

        await cli.json("executions", "set", "event", "--target", id);
        const ofEvents = { ...shown, condition: "event" };
        const inOrder = (...args: string[]): Promise<any> => cli.json("executions", "options", "event", ...args);
        assert.deepEqual(await inOrder("--fifo-by", "aggregate"), { ...ofEvents, fifoBy: "aggregate" });
        assert.deepEqual(await cli.lines("executions", "options", "event"), [
          "event is delivered in order by aggregate.",
        ]);
        assert.deepEqual(await inOrder("--no-fifo-by"), ofEvents);
        await cli.json("executions", "delete", "event");
        await cli.json("executions", "delete", condition);
        await server.request("DELETE", `/v3alpha/targets/${id}`);
      });
    });
  }

  it("prints texts and tables for people", async () => {
    const cli = WAYS["by its API"](server);
    const name = `people's target`;
    const endpoint = ["--endpoint", "https://example.com"];
    const [created = ""] = await cli.lines("targets", "create", "--name", name, ...endpoint, "--interrupt-on-error");
    const [, id = ""] = /^Created target (\d+)\.$/.exec(created) ?? assert.fail(created);
    const [heading, ...rows] = await cli.lines("targets", "list");
    assert.match(heading ?? "", /^ID {2,}NAME {2,}TYPE {2,}TIMEOUT {2,}ON ERROR {2,}ENDPOINT$/);
    const row = rows.find((each) => each.startsWith(id)) ?? assert.fail(rows.join("\n"));
    assert.deepEqual(row.split(/ {2,}/), [id, name, "webhook", "10s", "interrupts", "https://example.com"]);

    assert.deepEqual(await cli.lines("executions", "list"), ["There are no executions."]);
    const set = await cli.lines("executions", "set", "function/preuserinfo", "--target", id);
    assert.deepEqual(set, ["Set function/preuserinfo: 1 in the list."]);
    assert.deepEqual(await cli.lines("executions", "set", "event", "--include", "function/preuserinfo"), [
      "Set event: 1 in the list.",
    ]);
    const widest = "function/preuserinfo".length;
    assert.deepEqual(await cli.lines("executions", "list"), [
      `${"CONDITION".padEnd(widest)}  CALLS`,
      `${"event".padEnd(widest)}  include function/preuserinfo`,
      `function/preuserinfo  ${id}`,
    ]);
    await cli.json("executions", "delete", "event");
    assert.deepEqual(await cli.lines("targets", "delete", id), [`Deleted target ${id}.`]);
    assert.deepEqual(await cli.lines("executions", "list"), ["There are no executions."]);

    const [first = "", token = ""] = await cli.lines("tokens", "create", "--name", name, "--role", "none");
    const [, tokenId = ""] = /^Created token (\d+)\. It is shown this once:$/.exec(first) ?? assert.fail(first);
    assert.match(token, new RegExp(`^ipt_${tokenId}_`));
    const [tokensHeading, ...tokens] = await cli.lines("tokens", "list");
    assert.match(tokensHeading ?? "", /^ID {2,}NAME {2,}ROLE {2,}PERMISSIONS {2,}VALIDITY$/);
    assert.ok(tokens.some((each) => each.startsWith(`${tokenId}  ${name}`) && each.endsWith("none")));
    assert.deepEqual(await cli.lines("tokens", "revoke", tokenId), [`Revoked token ${tokenId}.`]);
    const all = await cli.lines("tokens", "list", "--all");
    assert.ok(all.some((each) => each.startsWith(tokenId) && / {2}revoked \d{4}-\d\d-\d\dT[\d:.]+Z$/.test(each)));
  });
});
