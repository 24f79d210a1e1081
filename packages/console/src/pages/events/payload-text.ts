import type { JsonObject } from "@bufbuild/protobuf";

/** A payload that was typed, or what is wrong with it. */
export type PayloadText = { readonly payload: JsonObject } | { readonly fault: string };

/** Reads a payload as it was typed. Nothing stands for a payload without fields. */
export function parsePayload(text: string): PayloadText {
  if (text.trim() === "") return { payload: {} };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { fault: `This is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { fault: 'A payload is a JSON object, such as {"amount": 12}.' };
  const lost = /(?<![\w".])-?\d{16,}(?![\w."])/.exec(text.replace(/"(?:[^"\\]|\\.)*"/g, '""'))?.[0];
  if (lost !== undefined && !Number.isSafeInteger(Number(lost)))
    return { fault: `${lost} has more digits than a browser keeps. Write it as a text, or publish by the API.` };
  return { payload: value as JsonObject };
}
