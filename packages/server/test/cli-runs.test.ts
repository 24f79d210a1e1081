import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { cleanUp, forSuite } from "./harness/cleanup.ts";
import { commandLine, type CommandLine } from "./harness/command-line.ts";
import { eventually } from "./harness/eventually.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const CREATE = methodName("CreateTarget");
const MAIN = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

describe("interpose runs", () => {
  const suite = forSuite();
  let server: TestServer;
  let cli: CommandLine;
  let hook: TestTarget;
  let changer: string;
  let env: Readonly<Record<string, string>>;
  let count = 0;
  before(async () => {
    server = await startServer(suite);
    env = { INTERPOSE_URL: server.url, INTERPOSE_TOKEN: ADMIN_TOKEN };
    cli = commandLine(env);
    hook = await startTarget(suite);
    const watcher = await createTarget(server, { name: "watcher\u001b[31m", endpoint: hook.url });
    changer = await createTarget(server, { name: "changer", endpoint: `${hook.url}changer`, type: "restCall" });
    await setExecution(server, { request: { method: CREATE } }, [watcher, changer]);
  });

  async function call(answer: Parameters<TestTarget["reply"]>[0]): Promise<void> {
    hook.reply((each) => (each.path === "/changer" && typeof answer === "object" ? answer : {}));
    const body = { name: `made ${++count}`, endpoint: hook.url, timeout: "5s", restAsync: {} };
    await server.request("POST", "/v3alpha/targets", body);
  }
  const listed = (...options: readonly string[]): Promise<any[]> =>
    eventually("a run", async () => {
      const { runs } = await cli.json("runs", "list", ...options);
      return (runs as any[]).length > 0 ? (runs as any[]) : undefined;
    });

  it("lists what is on record, and finds it by what it is", async () => {
    assert.deepEqual(await cli.lines("runs", "list"), ["There are no such runs on record."]);
    await call({ status: 500 });
    const [run] = await listed("--failed", "--since", "1h");
    const { runs } = await cli.documented("runs list", "--outcome", "refused", "--method", CREATE, "--side", "request");
    assert.deepEqual(runs, [run]);
    const [heading = "", line = ""] = await cli.lines("runs", "list", "--target", changer, "--limit", "1");
    assert.match(heading, /ID +BEGAN +FOR +OUTCOME +CALLS +TOOK/);
    assert.match(line, new RegExp(`^${run.id} .* request ${CREATE} +refused +2, 1 failed `));
    assert.deepEqual((await cli.json("runs", "list", "--function", "preuserinfo")).runs, []);
    await cli.refused(2, "runs", "list", "--limit", "none");
  });

  it("shows a run with a bar for each call and what it changed, and lets no name speak to the terminal", async () => {
    await call({ body: { name: "changed" } });
    const [run] = await listed("--outcome", "changed");
    const lines = await cli.lines("runs", "get", run.id);
    const text = lines.join("\n");
    assert.match(text, /execution +request\//);
    assert.match(text, /outcome +changed/);
    assert.match(text, / 1 {2}watcher.* +█+.* ms {2}200 {2}changed nothing/);
    assert.match(text, / 2 {2}changer +█+ +\d.* ms {2}200 {2}changed/);
    assert.match(text, /\/name: "made \d" → "changed"/);
    assert.ok(!text.includes("\u001b[31m"));
    const document = await cli.json("runs", "get", run.id);
    assert.deepEqual([document.run.id, document.calls.length], [run.id, 2]);
    await cli.refused(3, "runs", "get", "1");
  });

  it("prints runs as they come, until it is stopped", async (t) => {
    const child = spawn(process.execPath, [MAIN, "runs", "watch", "--failed", "--json"], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    cleanUp(t, () => child.kill("SIGKILL"));
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
    await eventually("a run that failed", async () => {
      await call({ status: 500 });
      return printed.includes("\n");
    });
    for (const line of printed.trim().split("\n")) assert.equal(JSON.parse(line).outcome, "RUN_OUTCOME_REFUSED");
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });
});
