// The start in plain JavaScript (packages/server/bin/), on the oldest Node that this machine has: an old one must hand over to the pinned Node.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, describe, it } from "node:test";
import { flagsFor } from "../packages/server/bin/node-flags.mjs";
import { isNewEnough, packageFor } from "../packages/server/bin/runtime.mjs";
import { root } from "./install.mjs";

const LAUNCHER = join(root, "packages/server/bin/interpose.mjs");
const TIMEOUT_MS = 60_000;

describe("isNewEnough()", () => {
  for (const version of ["22.19.0", "22.20.1", "23.0.0", "24.21.0", "100.0.0"])
    it(`takes Node ${version}`, () => assert.equal(isNewEnough(version), true));
  for (const version of ["22.18.9", "22.2.0", "21.99.0", "20.20.2", "18.0.0"])
    it(`finds Node ${version} too old`, () => assert.equal(isNewEnough(version), false));

  it("asks for what package.json asks for", () => {
    const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(engines.node);
    assert.equal(isNewEnough(`${major}.${minor}.0`), true);
    assert.equal(isNewEnough(`${major}.${minor - 1}.99`), false);
  });
});

describe("packageFor()", () => {
  for (const [platform, arch] of [
    ["linux", "x64"],
    ["linux", "arm64"],
    ["darwin", "x64"],
    ["darwin", "arm64"],
  ]) {
    it(`pins a Node that is new enough for ${platform} on ${arch}`, () => {
      const [name, version] = packageFor(platform, arch);
      assert.ok(name.startsWith("node-") && name.includes(platform) && name.endsWith(arch), name);
      assert.equal(isNewEnough(version), true);
    });
  }
  for (const [platform, arch] of [
    ["win32", "x64"],
    ["linux", "ia32"],
    ["linux", "riscv64"],
  ])
    it(`has none for ${platform} on ${arch}`, () => assert.equal(packageFor(platform, arch), undefined));
});

describe("runWithFlags()", { skip: process.platform === "win32" && "a process cannot start anew there" }, () => {
  const folder = mkdtempSync(join(tmpdir(), "interpose-test-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const [launcher, program, preload] = ["launcher.mjs", "program.mjs", "preload.mjs"].map((name) => join(folder, name));
  const flags = flagsFor(["serve"]);
  const source = new URL("../packages/server/bin/node-flags.mjs", import.meta.url).href;
  writeFileSync(
    launcher,
    `import { runWithFlags } from ${JSON.stringify(source)};
    await runWithFlags(${JSON.stringify(program)}, process.argv.slice(2), ${JSON.stringify(flags)});`,
  );
  writeFileSync(
    program,
    `const { pid, execArgv, argv } = process;
    console.log(JSON.stringify({ pid, execArgv, argv: argv.slice(1), variable: process.env.VARIABLE, preloaded: globalThis.preloaded }));
    process.send?.("by the channel");
    process.exitCode = 7;`,
  );
  writeFileSync(preload, "globalThis.preloaded = true;");
  const preloading = ["--import", preload];

  /** Runs the program to its end, and answers what it says of itself. */
  async function started({ env = {}, channel = [] } = {}) {
    const child = spawn(process.execPath, [...preloading, launcher, "one two", ""], {
      env: { ...process.env, NODE_OPTIONS: "", VARIABLE: "a b", ...env },
      stdio: ["ignore", "pipe", "pipe", ...channel],
    });
    let [text, complaints, message] = ["", "", undefined];
    child.stdout.setEncoding("utf8").on("data", (part) => (text += part));
    // Node complains of flags that it does not know.
    child.stderr.setEncoding("utf8").on("data", (part) => (complaints += part));
    child.on("message", (got) => (message = got));
    const code = await new Promise((resolve) => child.once("close", resolve));
    assert.equal(complaints, "");
    const { pid, execArgv, ...said } = JSON.parse(text);
    assert.deepEqual(said, { argv: [program, "one two", ""], variable: "a b", preloaded: true });
    assert.deepEqual([pid, code], [child.pid, 7]);
    return { execArgv, message };
  }

  it("starts the same process anew, with its flags, arguments, environment and exit code", async () =>
    assert.deepEqual((await started()).execArgv, [...preloading, ...flags]));

  it("goes on as it is where somebody has chosen the size of the young generation", async () => {
    const { execArgv } = await started({ env: { NODE_OPTIONS: "--max-semi-space-size=16" } });
    assert.deepEqual(execArgv, preloading);
  });

  it("goes on as it is where a parent process has a channel to it, and keeps that", async () =>
    assert.deepEqual(await started({ channel: ["ipc"] }), { execArgv: preloading, message: "by the channel" }));
});

describe("flagsFor()", () => {
  it("has flags for a server, and none for what is soon over", () => {
    assert.ok(flagsFor(["serve", "--port", "0"]).length > 0);
    assert.deepEqual(flagsFor(["targets", "list"]), []);
  });
});

const machine = machineNode();
const handsOver = !isNewEnough(machine.version);

describe(`the launcher on Node ${machine.version}${handsOver ? ", which hands over to the pinned one" : ", which goes on by itself"}`, () => {
  it("runs the command line, and hands on arguments, output and exit code", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "packages/server/package.json"), "utf8"));
    assert.deepEqual(await run("version"), { code: 0, signal: null, stdout: `${version}\n`, stderr: "" });
    const wrong = await run("targets", "delete", "a b", "c");
    assert.deepEqual([wrong.code, wrong.stdout], [2, ""]);
    assert.match(wrong.stderr, /^error: too many arguments/);
    const refused = await run("db", "status", "--config", "no where.yaml");
    assert.equal(refused.code, 6);
    assert.match(refused.stderr, /--config: there is no file .*no where\.yaml\./);
  });

  for (const signal of ["SIGTERM", "SIGINT"]) {
    it(`stops the server with 0 when it is sent ${signal}`, async (t) => {
      const server = await serve(t);
      server.child.kill(signal);
      assert.deepEqual(await server.ended, { code: 0, signal: null });
      assert.match(server.output(), new RegExp(`"event":"server\\.stopping","reason":"${signal}"`));
      assert.match(server.output(), /"event":"server\.stopped","clean":true/);
      assert.ok(!existsSync(server.pidFile), "PostgreSQL is stopped with it");
    });
  }

  it(
    "takes the server down with it when it is killed",
    { skip: !handsOver && "it is the server itself" },
    async (t) => {
      const server = await serve(t);
      server.child.kill("SIGKILL");
      assert.deepEqual(await server.ended, { code: null, signal: "SIGKILL" });
      await until("the server is stopped", () => server.output().includes('"event":"server.stopped","clean":true'));
      assert.match(server.output(), /"event":"server\.stopping","reason":"the launcher is gone"/);
      await assert.rejects(fetch(`${server.url}/healthz`));
      assert.ok(!existsSync(server.pidFile), "PostgreSQL is stopped with it");
    },
  );

  const noChild = !handsOver
    ? "it is the server itself"
    : process.platform !== "linux" && "only Linux names the children";
  it("ends by the signal that ends the server", { skip: noChild }, async (t) => {
    const server = await serve(t);
    const [pid] = readFileSync(`/proc/${server.child.pid}/task/${server.child.pid}/children`, "utf8").split(" ");
    process.kill(Number(pid), "SIGKILL");
    assert.deepEqual(await server.ended, { code: null, signal: "SIGKILL" });
    assert.equal((await run("db", "stop", { INTERPOSE_DATA_DIR: server.dataDir })).code, 0);
  });
});

/**
 * The first Node that a user of this machine would meet, if it is too old and the pinned one is there (it is, where the tests were started by it); else the one
 * that runs this.
 */
function machineNode() {
  const pinned = packageFor(process.platform, process.arch);
  const installed =
    pinned && existsSync(join(root, ".runtime", `node-${pinned[1]}`, "node_modules", pinned[0], "bin/node"));
  const folders = [
    "/usr/local/bin",
    "/usr/bin",
    "/bin",
    "/opt/homebrew/bin",
    ...(process.env.PATH ?? "").split(delimiter),
  ];
  for (const folder of installed ? folders : []) {
    const path = join(folder, "node");
    if (!existsSync(path)) continue;
    const version = execFileSync(path, ["--version"], { encoding: "utf8" }).trim().slice(1);
    if (!isNewEnough(version)) return { path, version };
  }
  return { path: process.execPath, version: process.versions.node };
}

/** Starts the launcher with nothing of ours in its environment but what is given. */
function launch(args, env) {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(INTERPOSE_|DATABASE_URL$|NODE_TEST)/.test(name));
  const child = spawn(machine.path, [LAUNCHER, ...args], {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (part) => (text[name] += part));
  return { child, text };
}

/** Runs a command to its end. The last argument may be an environment. */
async function run(...args) {
  const env = typeof args.at(-1) === "object" ? args.pop() : {};
  const { child, text } = launch(args, env);
  const [code, signal] = await new Promise((resolve) => child.once("close", (...end) => resolve(end)));
  return { code, signal, ...text };
}

/** Starts a server and waits until it is ready. Whatever is left of it is gone after the test. */
async function serve(t) {
  const parent = mkdtempSync(join(tmpdir(), "interpose-test-"));
  const dataDir = join(parent, "data");
  const pidFile = join(dataDir, "postgres", "postmaster.pid");
  const { child, text } = launch(["serve", "--port", "0"], {
    INTERPOSE_DATA_DIR: dataDir,
    INTERPOSE_LOG_FORMAT: "json",
  });
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  const output = () => text.stdout + text.stderr;
  t.after(async () => {
    child.kill("SIGTERM");
    await ended;
    if (existsSync(pidFile)) process.kill(Number(readFileSync(pidFile, "utf8").split("\n")[0]), "SIGKILL");
    rmSync(parent, { recursive: true, force: true, maxRetries: 20 });
  });
  let url;
  await until("the server is ready", () => (url = /ready at (\S+)/.exec(output())?.[1]));
  return { child, ended, output, pidFile, dataDir, url };
}

async function until(what, probe) {
  for (const end = Date.now() + TIMEOUT_MS; !probe();) {
    if (Date.now() > end) throw new Error(`waited ${TIMEOUT_MS} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
