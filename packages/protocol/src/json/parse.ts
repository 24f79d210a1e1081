import { InterposeError, type JsonValue } from "@interpose/engine";
import { JsonFault } from "./json-fault.ts";

/** Deepest nesting of a JSON text. The mapping of JSON to messages calls itself for each level. */
export const MAX_JSON_DEPTH = 100;

/** The text of a body. Throws JsonFault for bytes that are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new JsonFault("", "UTF-8", undefined);
  }
}

/** Reads JSON that may be hostile. Throws JsonFault for what is nested too deep, and `bad_request` for what is not JSON. */
export function parseJson(text: string): JsonValue {
  refuseDepth(text);
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new InterposeError("bad_request", `The body is not JSON: ${withoutQuote((error as Error).message)}.`);
  }
}

/** V8 quotes what stands around a fault. It may be secret, and errors are logged. */
function withoutQuote(message: string): string {
  return message.replace(/, (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s, "").slice(0, 200);
}

/** Counts brackets outside of texts, so that no parser ever sees what is too deep. */
function refuseDepth(text: string): void {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (inText) {
      if (character === 0x5c) i++;
      else if (character === 0x22) inText = false;
    } else if (character === 0x22) inText = true;
    else if (character === 0x7b || character === 0x5b) depth++;
    else if (character === 0x7d || character === 0x5d) depth--;
    if (depth > MAX_JSON_DEPTH) throw new JsonFault("", `at most ${MAX_JSON_DEPTH} levels of nesting`, undefined);
  }
}
