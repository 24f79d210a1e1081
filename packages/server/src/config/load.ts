import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { InterposeError, nearest } from "@interpose/engine";
import { isMap, isScalar, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { LEAVES, type Leaf } from "./leaves.ts";

import { settingsSchema, type Settings } from "./schema.ts";

/** Where settings come from. */
export interface SettingsSources {
  /** Flags that were given, by path in YAML ("egress.allow"). Texts are turned into the setting's type. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Directory in which `interpose.yaml` is looked for. */
  readonly cwd: string;
  /** File of `--config`, which must exist. */
  readonly configFile?: string | undefined;
}

/** Variables that are no settings of the server: those of the command line, the launcher and the tests. */
const OTHER_VARIABLES = /^INTERPOSE_(URL|TOKEN|CONFIG|TEST_.*|LAUNCH_.*)$/;
const DEFAULT_FILE = "interpose.yaml";

/** A value and where it came from, for errors. */
interface Given {
  readonly value: unknown;
  readonly from: string;
}

/** Settings, and where those were given that have not their default. */
export interface ReadSettings {
  readonly settings: Settings;
  /** Where each setting that was given stands, by path in YAML: a flag, a variable, or a place in the file. */
  readonly origins: ReadonlyMap<string, string>;
  /** The file that was read. Undefined: there is none. */
  readonly file: string | undefined;
}

/**
 * Puts the settings together: flags win over the environment, that over the file, that over the defaults. Throws `settings_invalid`, which names each
 * setting that is unknown or wrong, where it came from, and what was expected.
 */
export function loadSettings(sources: SettingsSources): Settings {
  return readSettings(sources).settings;
}

/** Puts the settings together as `loadSettings` does, and tells where they came from. */
export function readSettings(sources: SettingsSources): ReadSettings {
  const file = readFile(sources);
  const given = new Map<string, Given>();
  const problems = [...file.problems, ...unknownVariables(sources.env)];
  for (const [path, found] of file.values) given.set(path, found);
  for (const leaf of LEAVES) {
    const path = leaf.path.join(".");
    const text = fromEnvironment(leaf, sources.env);
    if (text) given.set(path, { value: converted(leaf, text.value), from: text.from });
    const flag = sources.flags[path];
    if (flag !== undefined)
      given.set(path, { value: typeof flag === "string" ? converted(leaf, flag) : flag, from: leaf.flag });
  }
  const checked = settingsSchema.safeParse(nested(given));
  if (!checked.success) problems.push(...checked.error.issues.map((issue) => problemOf(issue, given)));
  if (problems.length === 0 && checked.success) {
    const origins = new Map([...given].map(([path, { from }]) => [path, from]));
    return { settings: checked.data, origins, file: file.path };
  }
  const count = problems.length === 1 ? "A setting is wrong" : `${problems.length} settings are wrong`;
  throw new InterposeError("settings_invalid", `${count}:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
}

function fromEnvironment(
  leaf: Leaf,
  env: SettingsSources["env"],
): { readonly value: string; readonly from: string } | undefined {
  const names = leaf.variable === "INTERPOSE_DATABASE_URL" ? [leaf.variable, "DATABASE_URL"] : [leaf.variable];
  for (const name of names) {
    const value = env[name];
    // Set to nothing is the usual way of unsetting a variable for one command.
    if (value !== undefined && value !== "") return { value, from: name };
  }
  return undefined;
}

/** A text as the type of its setting. What cannot be one stays a text, and is refused by the schema. */
function converted({ kind }: Leaf, text: string): unknown {
  switch (kind) {
    case "number":
      return /^-?\d+$/.test(text.trim()) ? Number(text) : text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "list":
      return listed(text);
    case "record":
      return recordFrom(text) ?? text;
    case "json":
      return jsonFrom(text) ?? text;
    case "text":
      return text;
  }
}

/** The parts of a text between commas. Empty ones, as behind a last comma, are none. */
function listed(text: string): readonly string[] {
  return text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** `a=b,c=d` as an object. A name may have "=" in it, a value not. Undefined when a part has none. */
function recordFrom(text: string): Readonly<Record<string, string>> | undefined {
  const pairs = listed(text).map((pair) => ({ pair, at: pair.lastIndexOf("=") }));
  if (pairs.some(({ at }) => at < 0)) return undefined;
  return Object.fromEntries(pairs.map(({ pair, at }) => [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]));
}

/** What has parts with names of their own is JSON outside of the file. Undefined when it is none. */
function jsonFrom(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function unknownVariables(env: SettingsSources["env"]): readonly string[] {
  const known = LEAVES.map(({ variable }) => variable);
  return Object.keys(env)
    .filter((name) => name.startsWith("INTERPOSE_") && !known.includes(name) && !OTHER_VARIABLES.test(name))
    .map((name) => `${name}: there is no such setting.${meant(name, known)}`);
}

function meant(given: string, known: readonly string[]): string {
  const guess = nearest(given, known);
  return guess === undefined ? "" : ` Did you mean ${guess}?`;
}

interface ReadFile {
  readonly path?: string;
  readonly values: ReadonlyMap<string, Given>;
  readonly problems: readonly string[];
}

function readFile({ configFile, env, cwd }: SettingsSources): ReadFile {
  const named = configFile ?? (env.INTERPOSE_CONFIG === "" ? undefined : env.INTERPOSE_CONFIG);
  const path = named === undefined ? join(cwd, DEFAULT_FILE) : resolve(cwd, named);
  if (!existsSync(path)) {
    if (named === undefined) return { values: new Map(), problems: [] };
    return {
      values: new Map(),
      problems: [`${configFile === undefined ? "INTERPOSE_CONFIG" : "--config"}: there is no file ${path}.`],
    };
  }
  const lines = new LineCounter();
  let document: ReturnType<typeof parseDocument>;
  let tree: unknown;
  try {
    document = parseDocument(readFileSync(path, "utf8"), { lineCounter: lines });
    tree = document.errors.length > 0 ? undefined : document.toJS();
  } catch (error) {
    // It cannot be read, or has aliases that lead nowhere.
    return { values: new Map(), problems: [`${path}: ${(error as Error).message}.`] };
  }
  const place = (offset: number | undefined): string =>
    offset === undefined ? path : `${path}:${lines.linePos(offset).line}`;
  const values = new Map<string, Given>();
  // The first line of a message says what is wrong; the ones behind it show the text, which may be a secret's.
  const problems = document.errors.map(({ message, pos }) => `${place(pos[0])}: ${message.split("\n")[0] ?? ""}`);
  if (problems.length > 0) return { path, values, problems };
  /** Where a setting's name stands: its value may begin lines below. */
  const lineOf = (key: readonly string[]): string => {
    const above: unknown = document.getIn(key.slice(0, -1), true);
    const names = isMap(above) ? above.items.map((item) => item.key).filter(isScalar) : [];
    const name = names.find(({ value }) => String(value) === key.at(-1));
    return place((name ?? document.contents)?.range?.[0]);
  };
  collect(tree, []);
  return { path, values, problems };

  /** Takes the tree apart into settings. A branch that the schema does not have is a problem with a place. */
  function collect(value: unknown, key: readonly string[]): void {
    const leaf = LEAVES.find((each) => each.path.join(".") === key.join("."));
    if (leaf) {
      values.set(key.join("."), { value, from: lineOf(key) });
      return;
    }
    const below = LEAVES.filter(
      (each) => each.path.length > key.length && key.every((name, i) => each.path[i] === name),
    );
    if (below.length === 0) {
      const siblings = LEAVES.filter((each) => key.slice(0, -1).every((name, i) => each.path[i] === name)).map((each) =>
        each.path.slice(0, key.length).join("."),
      );
      problems.push(`${lineOf(key)}: there is no setting "${key.join(".")}".${meant(key.join("."), siblings)}`);
      return;
    }
    if (value === null || value === undefined) return;
    if (typeof value !== "object" || Array.isArray(value)) {
      problems.push(
        `${lineOf(key)}: ${key.length === 0 ? "the file" : `"${key.join(".")}"`} must hold settings by name.`,
      );
      return;
    }
    for (const [name, inner] of Object.entries(value)) collect(inner, [...key, name]);
  }
}

function nested(given: ReadonlyMap<string, Given>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [path, { value }] of given) {
    const names = path.split(".");
    const last = names.pop() ?? "";
    let branch = root;
    for (const name of names) branch = (branch[name] ??= {}) as Record<string, unknown>;
    branch[last] = value;
  }
  return root;
}

function problemOf(issue: z.core.$ZodIssue, given: ReadonlyMap<string, Given>): string {
  const path = issue.path.map(String).join(".");
  const leaf = LEAVES.find((each) => path === each.path.join(".") || path.startsWith(`${each.path.join(".")}.`));
  const found = leaf && given.get(leaf.path.join("."));
  if (!found) return `${path}: is missing. Others were set that need it.`;
  const value = leaf.isSecret ? "" : ` It is ${JSON.stringify(found.value).slice(0, 100)}.`;
  return `${path} (${found.from}): ${issue.message}.${value}`;
}
