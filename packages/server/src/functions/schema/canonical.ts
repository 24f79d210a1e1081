import { isJsonObject, type JsonValue } from "@interpose/engine";
import type { Budget } from "./budget.ts";

/** A text that two JSON values have in common if and only if they are equal: keys are sorted. It pays for its length. */
export function canonical(value: JsonValue, budget: Budget): string {
  const text = write(value, budget);
  budget.spend(1 + (text.length >> 5));
  return text;
}

function write(value: JsonValue, budget: Budget): string {
  budget.spend(1);
  if (Array.isArray(value)) return `[${(value as JsonValue[]).map((each) => write(each, budget)).join(",")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${write(value[key] ?? null, budget)}`).join(",")}}`;
}
