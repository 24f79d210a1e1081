import type { JsonValue } from "@interpose/engine";

/**
 * JSON whose numbers are kept as they are written, since `1.0`, `1e2` and 64-bit numbers are not the same once they were read and written again. They are
 * JSON.rawJSON's (https://github.com/tc39/proposal-json-parse-with-source), which TypeScript's library does not know yet.
 */
const EXACT = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): JsonValue;
  rawJSON(text: string): JsonValue;
  isRawJSON(value: unknown): boolean;
};

/** Reads JSON and keeps its numbers exactly. Throws SyntaxError. The text's depth must have been checked. */
export function parseExact(text: string): JsonValue {
  return EXACT.parse(text, (_key, value, { source }) =>
    typeof value === "number" && source !== undefined ? EXACT.rawJSON(source) : value,
  );
}

/** A number, given as it shall be written. */
export function exactNumber(text: string): JsonValue {
  return EXACT.rawJSON(text);
}

/** Whether a value of `parseExact()` is a number. */
export function isExactNumber(value: JsonValue | undefined): boolean {
  return EXACT.isRawJSON(value);
}
