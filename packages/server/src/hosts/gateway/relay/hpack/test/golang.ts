import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RandomList } from "./random-lists.ts";

/** What the program in `go/` is told. Strings are bytes, as base64. */
export interface GoCommand {
  readonly begin?: true;
  readonly limit?: number;
  readonly size?: number;
  readonly allow?: number;
  readonly encode?: readonly { readonly name: string; readonly value: string; readonly never: boolean }[];
  readonly decode?: string;
}

/** What it answers to `encode` and `decode`. */
export interface GoAnswer {
  readonly block: string | null;
  readonly fields: readonly { readonly Name: string; readonly Value: string; readonly Never: boolean }[] | null;
  readonly error: string;
}

const SOURCE = join(import.meta.dirname, "go");
/** Only the Go that is there: none is downloaded. */
const ENVIRONMENT = { ...process.env, GOTOOLCHAIN: "local" };

/** Why the program cannot be built on this machine; `undefined`: it can. Downloads golang.org/x/net where that was not done before. */
export function goIsMissing(): string | undefined {
  const version = spawnSync("go", ["env", "GOVERSION"], { encoding: "utf8" });
  if (version.error) return "there is no Go on this machine";
  const download = spawnSync("go", ["mod", "download"], {
    cwd: SOURCE,
    env: ENVIRONMENT,
    encoding: "utf8",
    timeout: 60_000,
  });
  if (download.status === 0) return undefined;
  return `${version.stdout.trim()} cannot get golang.org/x/net: ${download.stderr.trim() || "it took too long"}`;
}

/** Builds the program into a directory of its own, which `remove` takes away. */
export function buildGo(): { readonly program: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), "interpose-hpack-"));
  const program = join(directory, "hpack");
  const build = spawnSync("go", ["build", "-buildvcs=false", "-o", program, "."], {
    cwd: SOURCE,
    env: ENVIRONMENT,
    encoding: "utf8",
  });
  const remove = () => rmSync(directory, { recursive: true, force: true });
  if (build.status === 0) return { program, remove };
  remove();
  throw new Error(`go build: ${build.stderr}`);
}

/** Runs the program over commands, and answers what it says to those that encode or decode. */
export async function runGo(program: string, commands: readonly GoCommand[]): Promise<readonly GoAnswer[]> {
  const child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve, reject) => child.once("close", resolve).once("error", reject));
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stdin.end(commands.map((command) => JSON.stringify(command)).join("\n"));
  const code = await ended;
  if (code !== 0) throw new Error(`the Go program ended with ${code}`);
  const lines = Buffer.concat(chunks).toString().trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as GoAnswer);
}

/** A list as Go is told it. */
export function goFields({ fields, neverIndexed }: RandomList): NonNullable<GoCommand["encode"]> {
  return Array.from({ length: fields.length / 2 }, (_, i) => {
    const name = fields[i * 2] ?? "";
    return { name: toBase64(name), value: toBase64(fields[i * 2 + 1] ?? ""), never: neverIndexed?.has(name) === true };
  });
}

/** A list as Go answers it. */
export function listFromGo(answer: GoAnswer): { fields: readonly string[]; neverIndexed: ReadonlySet<string> } {
  const fields = answer.fields ?? [];
  return {
    fields: fields.flatMap(({ Name, Value }) => [fromBase64(Name), fromBase64(Value)]),
    neverIndexed: new Set(fields.filter(({ Never }) => Never).map(({ Name }) => fromBase64(Name))),
  };
}

const toBase64 = (text: string): string => Buffer.from(text, "latin1").toString("base64");
const fromBase64 = (text: string): string => Buffer.from(text, "base64").toString("latin1");
