import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cleanUp, type Cleanup } from "./cleanup.ts";
import { testDatabaseUrl } from "./postgres.ts";

const MAIN = fileURLToPath(new URL("../../bin/interpose.mjs", import.meta.url));
const START_TIMEOUT_MS = 30_000;

/** The admin token of every test server, unless a test sets another one. */
export const ADMIN_TOKEN = "an-admin-token-for-tests-only";

/** The master key of test servers on a database by URL, of which there can be several. Those on an embedded one have their key file. */
export const MASTER_KEY = Buffer.alloc(32, "test").toString("base64");

/** The master key of a test server, as base64. */
export async function masterKeyOf({
  dataDir,
  databaseUrl,
}: Pick<TestServer, "dataDir" | "databaseUrl">): Promise<string> {
  return databaseUrl === undefined ? (await readFile(join(dataDir, "master.key"), "utf8")).trim() : MASTER_KEY;
}

/** The part of a token's text that is its secret. */
export function secretOf(token: string): string {
  return token.slice(-43);
}

/** How a test server differs from the usual one. */
export interface TestServerOptions {
  /** Environment on top of the usual one; undefined takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly flags?: readonly string[];
  /** Directory for the embedded PostgreSQL; by default a new one that goes with the test. */
  readonly dataDir?: string;
  /** Database to use where the suite runs by URL; by default a new one. */
  readonly databaseUrl?: string | undefined;
}

/** A running `interpose serve`, in a process of its own. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** A request with JSON in and out, as the admin unless a token is given; null sends none. */
  request(verb: string, path: string, body?: unknown, options?: RequestOptions): Promise<JsonAnswer>;
}

/** Choices of one request. */
export interface RequestOptions {
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer with a JSON body. */
export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  // Tests reach into answers of every shape; an assertion on the value says what is expected of it.

  readonly body: any;
}

/** A directory that goes with the test. */
export async function temporaryDirectory(t: Cleanup): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "interpose-test-"));
  cleanUp(t, () => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Starts a server on a free port and waits until it is ready. It is stopped after the test. */
export async function startServer(t: Cleanup, options: TestServerOptions = {}): Promise<TestServer> {
  const dataDir = options.dataDir ?? (await temporaryDirectory(t));
  const databaseUrl = "databaseUrl" in options ? options.databaseUrl : await testDatabaseUrl(t);
  const child = spawn(process.execPath, [MAIN, "serve", ...(options.flags ?? [])], {
    env: environment({
      INTERPOSE_PORT: "0",
      INTERPOSE_DATA_DIR: dataDir,
      INTERPOSE_ADMIN_TOKEN: ADMIN_TOKEN,
      INTERPOSE_EGRESS_ALLOW: "127.0.0.0/8,::1/128",
      INTERPOSE_LOG_FORMAT: "json",
      INTERPOSE_DATABASE_URL: databaseUrl,
      ...options.env,
    }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  // What it printed last comes after its exit, sometimes. Of one that was killed, the embedded store's owner holds the output open for a while.
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const signal = async (name: "SIGTERM" | "SIGKILL"): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(name);
    return name === "SIGKILL" ? exited : closed;
  };
  cleanUp(t, () => signal("SIGTERM"));

  const url = await ready(() => stdout, exited).catch((error: unknown) => {
    throw new Error(`the server did not start: ${String(error)}\n${stdout}\n${stderr}`);
  });
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid ?? 0,
    dataDir,
    databaseUrl,
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    stop: () => signal("SIGTERM"),
    kill: async () => void (await signal("SIGKILL")),
    request: (verb, path, body, requestOptions) => requestJson(url, verb, path, body, requestOptions),
  };
}

/** Runs the command line to its end, with the given environment on top of a clean one. */
export async function runInterpose(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { env: environment(env), stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, stdout, stderr };
}

/** A command that runs until it is told to stop. */
export interface RunningCommand {
  stdout(): string;
  stderr(): string;
  /** The exit code. */
  readonly exited: Promise<number | null>;
  /** SIGINT, as Ctrl-C gives it, or another signal; and the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts a command, with the given environment on top of a clean one. It ends with the test. */
export function startInterpose(
  t: Cleanup,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): RunningCommand {
  const child = spawn(process.execPath, [MAIN, ...args], { env: environment(env), stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const stop = async (signal: NodeJS.Signals = "SIGINT"): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return exited;
  };
  cleanUp(t, () => stop("SIGKILL"));
  return { stdout: () => stdout, stderr: () => stderr, exited, stop };
}

/** The test's own environment without settings of Interpose, and with the given ones. */
function environment(given: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(INTERPOSE_|DATABASE_URL$|NODE_TEST)/.test(name));
  const byUrl = given.INTERPOSE_DATABASE_URL !== undefined || given.DATABASE_URL !== undefined;
  const masterKey = byUrl ? { INTERPOSE_SECRETS_MASTER_KEY: MASTER_KEY } : {};
  const entries = [...inherited, ...Object.entries({ ...masterKey, ...given })];
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

async function ready(stdout: () => string, exited: Promise<number | null>): Promise<string> {
  let ended: string | undefined;
  void exited.then((code) => (ended = `it exited with ${code}`));
  const until = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < until) {
    const url = /ready at (https?:\/\/\S+)/.exec(stdout())?.[1];
    if (url) return url;
    if (ended) throw new Error(ended);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`it was not ready within ${START_TIMEOUT_MS} ms`);
}

/** A request with JSON in and out to a server of a test, as the admin unless a token is given; null sends none. */
export async function requestJson(
  url: string,
  verb: string,
  path: string,
  body?: unknown,
  options: RequestOptions = {},
): Promise<JsonAnswer> {
  const token = options.token === undefined ? ADMIN_TOKEN : options.token;
  const response = await fetch(`${url}${path}`, {
    method: verb,
    headers: {
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...options.headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}
