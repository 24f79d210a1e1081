// Takes the walk of README.md as a new user would: `npm start`, then each command between its markers, pasted into one shell.
//   node scripts/walk.mjs
// A comment `<!-- prints: TEXT -->` behind a command says what must be seen, by its end, of what the commands up to it and their target print.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./install.mjs";

const START_TIMEOUT_MS = 300_000;
const STEP_TIMEOUT_MS = 30_000;
/** Printed behind each command, to tell that it has ended. */
const END = "-- end of step";

const dataDir = mkdtempSync(join(tmpdir(), "interpose-walk-"));
const env = { ...process.env, INTERPOSE_DATA_DIR: dataDir };
const children = [];
try {
  const steps = readSteps(readFileSync(join(root, "README.md"), "utf8"));
  const server = start("npm", ["start"]);
  const token = (await seen(server, /^ +Token +(\S+)/m, START_TIMEOUT_MS, "the admin token"))[1];
  const shell = start("bash", ["-s"]);
  // Scripts do not expand aliases unless they are told to; people's shells do.
  shell.type("shopt -s expand_aliases");
  for (const { command, prints } of steps) {
    console.log(`\n$ ${command.replaceAll("\n", "\n  ")}`);
    const from = shell.output().length;
    const ended = from === 0 ? 0 : shell.output().split(END).length - 1;
    shell.type(`${command.replace("INTERPOSE_TOKEN=…", `INTERPOSE_TOKEN=${token}`)}\necho; echo "${END}"`);
    await until(() => shell.output().split(END).length - 1 > ended, STEP_TIMEOUT_MS, "the end of the command", shell);
    for (const text of prints)
      await until(() => shell.output().slice(from).includes(text), STEP_TIMEOUT_MS, JSON.stringify(text), shell);
    console.log(shell.output().slice(from).replaceAll(END, "").replaceAll(token, "…").trim());
  }
  const expected = steps.reduce((sum, { prints }) => sum + prints.length, 0);
  if (expected === 0) throw new Error("README.md expects nothing of its commands: are the markers gone?");
  server.signal("SIGTERM");
  // npm ends before the server does.
  await until(() => server.output().includes('"server.stopped","clean":true'), STEP_TIMEOUT_MS, "a clean stop");
  console.log(`\nTook the walk: ${steps.length} steps, ${expected} of their outputs as the README has them.`);
} catch (error) {
  console.error(`\nThe walk of README.md failed: ${error.message}`);
  process.exitCode = 1;
} finally {
  for (const child of children.reverse()) child.signal("SIGKILL");
  for (const path of [dataDir, join(root, "answer.json")]) rmSync(path, { recursive: true, force: true });
}

/** The commands of the section, and what must be seen after each. */
function readSteps(readme) {
  const section = /## Five minutes\n([\s\S]*?)<!-- walk:end -->/.exec(readme)?.[1];
  if (section === undefined) throw new Error("README.md has no section to walk");
  const parts = section.matchAll(/```sh\n([\s\S]*?)\n```|<!-- prints: (.*?) -->/g);
  const steps = [];
  for (const [, command, text] of parts) {
    if (command !== undefined) steps.push({ command, prints: [] });
    else steps.at(-1)?.prints.push(text);
  }
  return steps;
}

/** Starts a program in the checkout, in a process group of its own, so that what it starts in the background ends with it. */
function start(program, args) {
  const child = spawn(program, args, { cwd: root, env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const started = {
    output: () => output,
    ended: once(child, "exit"),
    type: (text) => child.stdin.write(`${text}\n`),
    signal(name) {
      try {
        process.kill(-child.pid, name);
      } catch (error) {
        if (error.code !== "ESRCH") throw error;
      }
    },
  };
  children.push(started);
  return started;
}

async function seen(program, pattern, timeoutMs, what) {
  let found;
  await until(() => (found = pattern.exec(program.output())) !== null, timeoutMs, what, program);
  return found;
}

async function until(done, timeoutMs, what, program) {
  let gone = false;
  program?.ended.then(() => (gone = true));
  for (const end = Date.now() + timeoutMs; !done();) {
    if (Date.now() > end || gone) {
      const why = gone ? "the program ended without" : `${timeoutMs / 1000} s were not enough for`;
      throw new Error(`${why} ${what}. It printed:\n${program?.output() ?? ""}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
