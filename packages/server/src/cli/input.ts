import { readFile } from "node:fs/promises";
import { text as textOf } from "node:stream/consumers";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { InterposeError } from "@interpose/engine";

/** How an option that takes JSON is written, for its help. */
export const JSON_INPUT = "JSON, @FILE, or - for standard input";

/** A text from a file, or from standard input for `-`. For what must not stand in an argument, where others of the machine see it. */
export async function readText(file: string): Promise<string> {
  return file === "-" ? textOf(process.stdin) : readFile(file, "utf8");
}

/** A secret from a file, or from standard input for `-`, without the white space around it. Throws `bad_request` where nothing is left. */
export async function readSecret(file: string, option: string): Promise<string> {
  const secret = (await readText(file)).trim();
  if (secret !== "") return secret;
  throw new InterposeError("bad_request", `${option}: ${file === "-" ? "standard input" : file} is empty.`);
}

/** A JSON value that an option gives: as it stands, from `@FILE`, or from standard input for `-`. */
export async function readJson(given: string, option: string): Promise<JsonValue> {
  const isElsewhere = given === "-" || given.startsWith("@");
  const text = isElsewhere ? await readText(given.replace(/^@/, "")) : given;
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new InterposeError("bad_request", `${option}: this is no JSON: ${(error as Error).message}`);
  }
}

/** The same, for an object. */
export async function readJsonObject(given: string, option: string): Promise<JsonObject> {
  const value = await readJson(given, option);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new InterposeError("bad_request", `${option}: this is no JSON object. Write one such as '{"name": "Ada"}'.`);
}

/** A whole number that an option gives. Throws `bad_request` outside of the bounds. */
export function readNumber(
  text: string,
  option: string,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  if (number >= least && number <= most) return number;
  throw new InterposeError("bad_request", `${option}: "${text}" is no whole number from ${least} to ${most}.`);
}
