import { InterposeError } from "@interpose/engine";
import { msOfDuration } from "../duration.ts";

/** A hundred years. What is longer is a slip, and soon no date any more. */
const LONGEST_MS = 36_500 * 86_400_000;

/** Reads a length of time such as `30d`, `1.5h`, `10s` or `250ms`, at most 36500d, in milliseconds. Throws `bad_request`, naming the option. */
export function parseDuration(text: string, option: string): number {
  const ms = msOfDuration(text);
  if (ms !== undefined && ms <= LONGEST_MS) return ms;
  throw new InterposeError(
    "bad_request",
    ms !== undefined
      ? `${option}: "${text}" is longer than 36500d.`
      : `${option}: "${text}" is no length of time. Write a number and ms, s, m, h or d, such as 30d.`,
  );
}
