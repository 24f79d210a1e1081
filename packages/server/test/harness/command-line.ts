import assert from "node:assert/strict";
import { documentedAnswer, shapeOf } from "./cli-document.ts";
import { ADMIN_TOKEN, runInterpose, type TestServer } from "./server.ts";

/** A way of `interpose` to what it works on: by a server's API, or with `--direct` straight to the store. */
export interface CommandLine {
  /** Runs a command, which must succeed and say nothing on standard error, and answers what it prints for people, line by line. */
  lines(...args: readonly string[]): Promise<readonly string[]>;
  /** Runs a command with `--json`, which must succeed, and answers its one JSON document. */
  json(...args: readonly string[]): Promise<any>;
  /** The same, where the document must look like the one that docs/cli.md shows for the command. */
  documented(command: string, ...args: readonly string[]): Promise<any>;
  /** Runs a command, which must fail with `code` and one error on standard error alone, and answers its text. */
  refused(code: number, ...args: readonly string[]): Promise<string>;
}

/** The command line with an environment, and with options behind each command. */
export function commandLine(
  env: Readonly<Record<string, string | undefined>>,
  options: readonly string[] = [],
): CommandLine {
  const run = (args: readonly string[]) => runInterpose([...args, ...options], env);

  async function succeeded(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await run(args);
    assert.deepEqual([code, stderr], [0, ""], args.join(" "));
    return stdout;
  }

  async function json(...args: readonly string[]): Promise<any> {
    return JSON.parse(await succeeded([...args, "--json"]));
  }

  return {
    json,
    lines: async (...args) => (await succeeded(args)).trimEnd().split("\n"),
    async documented(command, ...args) {
      const answer: unknown = await json(...command.split(" "), ...args);
      assert.deepEqual(shapeOf(answer), shapeOf(documentedAnswer(command)), `what docs/cli.md shows of ${command}`);
      return answer;
    },
    async refused(code, ...args) {
      const result = await run(args);
      assert.deepEqual([result.code, result.stdout], [code, ""], `${args.join(" ")}: ${result.stderr}`);
      assert.match(result.stderr, /^error: /);
      assert.doesNotMatch(result.stderr, /\n\s+at /, "no stack trace");
      return result.stderr.slice("error: ".length).trimEnd();
    },
  };
}

/** A command that must fail, and what its text must have in it. */
export interface Refusal {
  readonly args: readonly string[];
  readonly says: string | RegExp;
  /** On top of the environment that the cases share. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Checks that commands fail with `code` and their text, two at a time, and that no text shows the token. */
export async function checkRefused(
  code: number,
  cases: readonly Refusal[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<void> {
  const left = [...cases];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      const { args, says } = next;
      const text = await commandLine({ ...env, ...next.env }).refused(code, ...args);
      if (typeof says === "string") assert.ok(text.includes(says), `${args.join(" ")}: ${text}`);
      else assert.match(text, says, args.join(" "));
      assert.ok(!text.includes(ADMIN_TOKEN), "the token is not shown");
    }
  };
  await Promise.all([worker(), worker()]);
}

/** The two ways to a server's work. */
export const WAYS = {
  "by its API": (server: TestServer) => commandLine({ INTERPOSE_URL: server.url, INTERPOSE_TOKEN: ADMIN_TOKEN }),
  "with --direct": (server: TestServer) => commandLine(storeOf(server), ["--direct"]),
} as const;

/** The environment that leads to a server's store. */
export function storeOf({ dataDir, databaseUrl }: TestServer): Readonly<Record<string, string | undefined>> {
  return { INTERPOSE_DATA_DIR: dataDir, INTERPOSE_DATABASE_URL: databaseUrl };
}
