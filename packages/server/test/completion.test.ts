import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { dirname, join } from "node:path";
import { before, describe, it } from "node:test";
import { promisify } from "node:util";
import { PERMISSIONS } from "../src/access/permissions.ts";
import { createProgram } from "../src/cli/program.ts";
import { createTarget, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { allCommands } from "./harness/commands.ts";
import { storeOf } from "./harness/command-line.ts";
import { ADMIN_TOKEN, runInterpose, startServer, temporaryDirectory } from "./harness/server.ts";

const MAIN = fileURLToPath(new URL("../bin/interpose.mjs", import.meta.url));

/** What the program offers where the last word is, each with its description, or `:files`. Asked within this process: a key costs a start otherwise. */
async function offered(
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<readonly (readonly string[])[]> {
  let said = "";
  const program = createProgram({ env, cwd: "/", print: (text) => (said += text) });
  await program.parseAsync(["__complete", "--", ...words], { from: "user" });
  return said
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"));
}

async function values(words: readonly string[], env = {}): Promise<readonly (string | undefined)[]> {
  return (await offered(words, env)).map(([value]) => value);
}

describe("what can be completed", () => {
  it("is every command that people see, with what it does", async () => {
    const top = allCommands().filter(({ name }) => name !== "" && !name.includes(" "));
    const found = await offered([""]);
    assert.deepEqual(
      found.slice(0, -1).map(([value]) => value),
      top.map(({ name }) => name),
    );
    assert.deepEqual(found.at(-1), ["help", "show the help of a command"]);
    assert.ok(found.every(([, description = ""]) => description !== "" && description.length <= 80));
    assert.deepEqual(await values(["help", "tar"]), ["targets"]);
    assert.deepEqual(await values(["tokens", ""]), ["create", "list", "get", "permissions", "revoke", "help"]);
  });

  it("is each option of a command, and no subcommand once there are arguments", async () => {
    assert.deepEqual(await values(["targets", "create", "--t"]), ["--type", "--timeout", "--token"]);
    assert.deepEqual(await values(["targets", "create", "--type", "call", "--ti"]), ["--timeout"]);
    assert.deepEqual(await values(["db", "nonsense", ""]), []);
    assert.deepEqual(await values(["targets", "delete", "--", "--t"]), []);
  });

  it("is what an option can be, whether it is given with = or without, and as bash takes it apart", async () => {
    assert.deepEqual(await values(["targets", "create", "--type", ""]), ["webhook", "call", "async"]);
    assert.deepEqual(await values(["targets", "create", "--type=w"]), ["--type=webhook"]);
    assert.deepEqual(await values(["targets", "create", "--type", "="]), ["webhook", "call", "async"]);
    assert.deepEqual(await values(["targets", "create", "--type", "=", "c"]), ["call"]);
    assert.deepEqual(await values(["serve", "--log-level", "w"]), ["warn"]);
    assert.deepEqual([...(await values(["gateway", "--http", ""]))].sort(), ["1.1", "2", "auto"]);
    assert.deepEqual(await values(["serve", "--reflection", ""]), ["true", "false"]);
    assert.deepEqual(await values(["completion", ""]), ["bash", "zsh", "fish"]);
    assert.deepEqual(await values(["tokens", "create", "--permission", ""]), [...PERMISSIONS]);
    assert.deepEqual(await offered(["serve", "--config", "/"]), [[":files"]]);
    assert.deepEqual(await values(["targets", "create", "--name", ""]), []);
  });
});

describe("what a server completes", () => {
  const suite = forSuite();
  let env: Readonly<Record<string, string | undefined>>;
  let id: string;
  before(async () => {
    const server = await startServer(suite);
    env = { INTERPOSE_URL: server.url, INTERPOSE_TOKEN: ADMIN_TOKEN, ...storeOf(server) };
    id = await createTarget(server, { name: "audit\n$(touch x)\u001b[2J", endpoint: "https://example.com" });
    await setExecution(server, { event: { group: "orders" } }, [id]);
  });

  it("is the ids of targets, tokens and executions, with names that do nothing to a terminal", async () => {
    assert.deepEqual(await offered(["targets", "delete", ""], env), [[id, "audit $(touch x) [2J"]]);
    assert.deepEqual(await values(["executions", "set", "request", "--target", id.slice(0, 3)], env), [id]);
    assert.deepEqual(await values(["executions", "delete", "ev"], env), ["event/orders.*"]);
    assert.deepEqual(await values(["executions", "set", "request", "--include", ""], env), ["event/orders.*"]);
  });

  it("follows the options that stand before", async () => {
    const words = ["targets", "delete", "--url", env.INTERPOSE_URL ?? "", "--token", ADMIN_TOKEN, ""];
    assert.deepEqual(await values(words), [id]);
  });

  it("is nothing without a server, without a token, and with --direct, which might have to start a database", async () => {
    assert.deepEqual(await values(["targets", "delete", ""], { ...env, INTERPOSE_URL: "http://127.0.0.1:1" }), []);
    assert.deepEqual(await values(["targets", "delete", ""], { ...env, INTERPOSE_TOKEN: undefined }), []);
    assert.deepEqual(await values(["targets", "delete", "--direct", ""], env), []);
  });
});

describe("the script for", () => {
  const suite = forSuite();
  let directory: string;
  let path: string;
  before(async () => {
    directory = await temporaryDirectory(suite);
    path = `${directory}:${dirname(process.execPath)}:${process.env.PATH}`;
    const program = join(directory, "interpose");
    await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
    await chmod(program, 0o755);
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, stdout } = await runInterpose(["completion", shell]);
      assert.equal(code, 0);
      await writeFile(join(directory, `script.${shell}`), stdout);
    }
  });

  const run = async (shell: string, args: readonly string[]): Promise<readonly string[]> => {
    const env = { ...process.env, PATH: path, TERM: "dumb", HOME: directory };
    const { stdout } = await promisify(execFile)(shell, [...args], { env, cwd: directory, timeout: 50_000 });
    return stdout.split("\n").filter((line) => line !== "");
  };
  const missing = (shell: string): string | false =>
    spawnSync(shell, ["-c", "exit"]).error ? `there is no ${shell} on this machine` : false;

  it("bash completes", { skip: missing("bash") }, async () => {
    const script = join(directory, "script.bash");
    const asked = (...words: readonly string[]): Promise<readonly string[]> =>
      run("bash", [
        "--norc",
        "-c",
        `source "$0"; COMP_WORDS=(interpose "$@"); COMP_CWORD=$#; _interpose; printf '%s\\n' "\${COMPREPLY[@]}"`,
        script,
        ...words,
      ]);
    assert.deepEqual(await asked("targets", "cr"), ["create"]);
    assert.deepEqual(await asked("targets", "create", "--type", "=", ""), ["webhook", "call", "async"]);
    assert.deepEqual(await asked("serve", "--config", ""), []);
    assert.deepEqual(await run("bash", ["--norc", "-c", `source "$0"; complete -p interpose`, script]), [
      "complete -o bashdefault -o default -F _interpose interpose",
    ]);
  });

  it("fish completes", { skip: missing("fish") }, async () => {
    const asked = (line: string): Promise<readonly string[]> =>
      run("fish", ["--no-config", "-c", `source ${join(directory, "script.fish")}; complete -C "${line}"`]);
    assert.deepEqual(await asked("interpose targets cr"), ["create\tcreate a target"]);
    assert.deepEqual(await asked("interpose targets create --type="), [
      "--type=async",
      "--type=call",
      "--type=webhook",
    ]);
    assert.deepEqual(await asked(`interpose serve --config ${directory}/script.f`), [`${directory}/script.fish`]);
  });

  it("zsh completes", { skip: missing("zsh") }, async () => {
    // A terminal of zsh's own, in which the key is pressed.
    const driver = [
      "zmodload zsh/zpty",
      "zpty z zsh -f -i",
      `zpty -w z 'autoload -Uz compinit; compinit -u -D; source ${join(directory, "script.zsh")}; echo READ""Y'`,
      "zpty -r z out '*READY*'",
      `zpty -w -n z $'interpose targets cr\\t'`,
      "zpty -r z out '*create*'",
      `print -r -- "completed"`,
      "zpty -d z",
    ];
    assert.deepEqual(await run("zsh", ["-f", "-c", driver.join("\n")]), ["completed"]);
  });
});
