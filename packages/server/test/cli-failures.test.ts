import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createTarget, setExecution } from "./harness/api.ts";
import { cleanUp, forSuite } from "./harness/cleanup.ts";
import { checkRefused, storeOf, commandLine, type Refusal } from "./harness/command-line.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";
import { startTarget } from "./harness/target.ts";

describe("a command that fails", () => {
  const suite = forSuite();
  let server: TestServer;
  before(async () => {
    server = await startServer(suite);
  });

  const asAdmin = (): Readonly<Record<string, string>> => ({ INTERPOSE_URL: server.url, INTERPOSE_TOKEN: ADMIN_TOKEN });

  const check = (code: number, cases: readonly Refusal[]): Promise<void> => checkRefused(code, cases, asAdmin());

  it("ends with 2 when the server finds what it is asked for invalid", () =>
    check(2, [
      { args: ["executions", "set", "request"], says: "The list of targets is empty" },
      { args: ["tokens", "create", "--name", "a"], says: "give a role, permissions, or both" },
      { args: ["tokens", "create", "--name", "a", "--permission", "all"], says: 'There is no permission "all"' },
      { args: ["targets", "create", "--name", "a", "--endpoint", "ftp://a"], says: /scheme|endpoint/ },
    ]));

  it("ends with 1 when it is refused for another reason", async () => {
    const id = await createTarget(server, { name: "taken", endpoint: "https://example.com" });
    await setExecution(server, { function: { name: "preuserinfo" } }, [id]);
    const self = "function/preuserinfo";
    const create = ["targets", "create", "--name", "Taken", "--endpoint", "https://example.com"];
    await check(1, [
      { args: create, says: 'The name "Taken" is taken by target' },
      { args: ["executions", "set", self, "--include", self], says: `"${self}"` },
      { args: [...create, "--direct"], env: storeOf(server), says: 'The name "Taken" is taken by target' },
    ]);
  });

  it("ends with 1 when a target refuses it, whatever the target's code, and says how to go past it", async (t) => {
    const hook = await startTarget(t, { body: { forwardedStatusCode: 403, forwardedErrorMessage: "not today" } });
    const id = await createTarget(server, { endpoint: hook.url, type: "restCall" });
    const condition = { request: { method: "/zitadel.action.v3alpha.ActionService/ListTargets" } };
    await setExecution(server, condition, [id]);
    cleanUp(t, () => server.request("DELETE", "/v3alpha/executions", { condition }));
    await check(1, [
      { args: ["targets", "list"], says: /^not today.*\nWith --bypass or --direct no target is called\.$/ },
    ]);
    const called = hook.calls.length;
    assert.ok((await commandLine(asAdmin()).json("targets", "list", "--bypass")).targets.length > 0);
    assert.equal(hook.calls.length, called);
  });

  it("ends with 3 when what it names is not there", () =>
    check(3, [
      { args: ["targets", "delete", "404"], says: 'There is no target "404"' },
      { args: ["executions", "delete", "event"], says: 'There is no execution for "event"' },
      { args: ["executions", "options", "event"], says: 'There is no execution for "event"' },
      { args: ["executions", "set", "event", "--target", "404"], says: 'targets[0]: there is no target "404"' },
      { args: ["executions", "set", "request/no.Such/Method", "--target", "404"], says: "no.Such" },
      { args: ["tokens", "revoke", "404"], says: "404" },
      { args: ["tokens", "revoke", "404", "--direct"], env: storeOf(server), says: "404" },
      { args: ["executions", "delete", "event", "--direct"], env: storeOf(server), says: 'no execution for "event"' },
    ]));

  it("ends with 4 without a token, or with one that may not", async () => {
    const tokenOf = async (role: string): Promise<string> =>
      (await server.request("POST", "/v1/tokens", { name: role, role })).body.token;
    const [viewer, editor] = [await tokenOf("ROLE_VIEWER"), await tokenOf("ROLE_EDITOR")];
    await check(4, [
      { args: ["targets", "list"], env: { INTERPOSE_TOKEN: "" }, says: "There is no token" },
      { args: ["targets", "list", "--token", "wrong"], says: "not valid" },
      { args: ["targets", "delete", "1", "--token", viewer], says: 'the permission "execution.target.delete"' },
      { args: ["targets", "list", "--bypass", "--token", editor], says: 'the permission "execution.bypass"' },
      { args: ["tokens", "list", "--token", editor], says: 'the permission "token.read"' },
    ]);
  });
});
