import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { cleanUp, type Cleanup } from "../../test/harness/cleanup.ts";
import { checkRefused, commandLine } from "../../test/harness/command-line.ts";
import { ADMIN_TOKEN, runInterpose, temporaryDirectory } from "../../test/harness/server.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
/** A port of loopback on which nothing listens. */
const NOWHERE = "http://127.0.0.1:1";

describe("a command that fails before a server has a say", () => {
  it("ends with 2 when the command line is wrong", async () => {
    const create = ["targets", "create", "--name", "a", "--endpoint", "https://example.com"];
    await checkRefused(2, [
      { args: ["nonsense"], says: "unknown command 'nonsense'" },
      { args: ["targets", "lst"], says: "unknown command 'lst'\n(Did you mean list?)" },
      { args: ["targets", "list", "--nonsense"], says: "unknown option '--nonsense'" },
      { args: ["targets", "delete"], says: "missing required argument 'id'" },
      { args: ["targets", "delete", "1", "2"], says: "too many arguments" },
      { args: ["tokens", "create", "--role", "admin"], says: "required option '--name <name>' not specified" },
      {
        args: ["tokens", "create", "--name", "a", "--role", "boss"],
        says: "Allowed choices are admin, editor, viewer, none",
      },
      { args: ["serve", "--prot", "80"], says: "unknown option '--prot'\n(Did you mean --port?)" },
      { args: [...create, "--timeout", "soon"], says: '--timeout: "soon" is no length of time' },
      { args: ["executions", "set", "requests", "--target", "1"], says: 'condition: "requests" is no condition' },
      { args: ["executions", "set", "event", "--include", "a/b/c"], says: '--include: "a/b/c" is no condition' },
      { args: ["targets", "list", "--url", "localhost:8080"], says: '--url: "localhost:8080" is no URL of a server' },
      { args: ["targets", "list"], env: { INTERPOSE_URL: "x" }, says: 'INTERPOSE_URL: "x" is no URL of a server' },
      { args: ["targets", "list"], env: { INTERPOSE_TOKEN: `${ADMIN_TOKEN}\n` }, says: "INTERPOSE_TOKEN: " },
      { args: ["targets", "list", "--token", ""], says: "--token: is empty" },
    ]);
  });

  it("ends with 5 when the server or the store cannot be reached", async (t) => {
    const other = await startOther(t);
    const gone = "postgres://me:hidden-password@127.0.0.1:1/db";
    await checkRefused(5, [
      { args: ["targets", "list", "--url", NOWHERE], says: /^The server cannot be reached: connect ECONNREFUSED/ },
      { args: ["targets", "list", "--url", other], says: "What answers is no Interpose: HTTP 404" },
      {
        args: ["targets", "list", "--direct"],
        env: { INTERPOSE_DATABASE_URL: gone },
        says: /^The database cannot be reached: connect ECONNREFUSED 127\.0\.0\.1:1\. Does it run, and is INTERPOSE_DATABASE_URL right\?$/,
      },
      { args: ["db", "status"], env: { INTERPOSE_DATABASE_URL: gone }, says: /^The database cannot be reached: / },
    ]);
  });

  it("ends with 6 when a setting is wrong", async (t) => {
    const file = join(await temporaryDirectory(t), "wrong.yaml");
    await writeFile(file, "prot: 80\n");
    await checkRefused(6, [
      { args: ["targets", "list", "--direct", "--config", file], says: /wrong\.yaml:1: there is no setting "prot"/ },
      { args: ["db", "status"], env: { INTERPOSE_PROT: "80" }, says: "Did you mean INTERPOSE_PORT?" },
      { args: ["db", "migrate", "--config", "nowhere.yaml"], says: /--config: there is no file .*nowhere\.yaml\./ },
    ]);
  });

  it("ends with 6 where there is no store, rather than finding nothing in one that it makes", async (t) => {
    const dataDir = join(await temporaryDirectory(t), "none");
    const env = { INTERPOSE_DATA_DIR: dataDir };
    await checkRefused(
      6,
      [
        ["targets", "list"],
        ["executions", "delete", "request"],
        ["tokens", "revoke", "1"],
      ].map((args) => ({ args: [...args, "--direct"], env, says: `There is no store in ${dataDir}.` })),
    );
    assert.ok(!existsSync(dataDir));
  });
});

describe("a command that does not fail", () => {
  const cli = commandLine({});

  it("ends with 0 when it is asked for help, which goes to standard output", async () => {
    const golden = async (name: string): Promise<string[]> =>
      (await readFile(new URL(`../../test/golden/${name}.txt`, import.meta.url), "utf8")).trimEnd().split("\n");
    assert.deepEqual(await cli.lines("--help"), await golden("help"));
    assert.deepEqual(await cli.lines("help", "tokens"), await golden("help-tokens"));
    assert.deepEqual(await cli.lines("executions", "set", "-h"), await golden("help-executions-set"));
  });

  it("ends with 2 and the help on standard error when no command is named", async () => {
    for (const args of [[], ["targets"]]) {
      const { code, stdout, stderr } = await runInterpose(args);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, /^Usage: interpose /);
    }
  });

  it("prints the version", async () => {
    const { version } = await cli.documented("version");
    assert.match(version, /^\d+\.\d+\.\d+/);
    for (const args of [["version"], ["--version"], ["-v"]]) assert.deepEqual(await cli.lines(...args), [version]);
  });

  // Node ended with a stack trace of EPIPE.
  it("is content when nobody reads its answer to the end", async () => {
    const child = spawn(process.execPath, [MAIN, "--help"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const code = await new Promise((resolve) => child.once("close", resolve));
    assert.deepEqual([code, stderr], [0, ""]);
  });
});

/** Some other HTTP server. */
async function startOther(t: Cleanup): Promise<string> {
  const other = createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(404, { "content-type": "text/html" }).end("no"));
  });
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  cleanUp(t, () => {
    other.closeAllConnections();
    other.close();
  });
  return `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
}
