import type { JsonObject } from "@bufbuild/protobuf";

/** What somebody typed as JSON: the object, or what is wrong with the text and where. */
export type ReadJson =
  { readonly object: JsonObject; readonly fault?: undefined } | { readonly object?: undefined; readonly fault: string };

/** Reads a JSON object. Nothing but spaces is an empty one. */
export function readJsonObject(text: string): ReadJson {
  if (text.trim() === "") return { object: {} };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { fault: faultText(text, error instanceof Error ? error.message : String(error)) };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { fault: "This is JSON, but no object: it has to begin with { and end with }." };
  return { object: value as JsonObject };
}

/** Browsers name the place in ways of their own, some of them none: by line and column, by a number of characters, or not at all. */
function faultText(text: string, message: string): string {
  const [, line, column] = /line (\d+) column (\d+)/.exec(message) ?? [];
  if (line !== undefined && column !== undefined) return placed(Number(line), Number(column));
  const [, position] = /position (\d+)/.exec(message) ?? [];
  if (position === undefined) return "This is no JSON: the text ends too early, or a sign in it is out of place.";
  const before = text.slice(0, Number(position)).split("\n");
  return placed(before.length, (before.at(-1)?.length ?? 0) + 1);
}

function placed(line: number, column: number): string {
  return `This is no JSON: something is out of place at line ${line}, column ${column}.`;
}
