import { InterposeError } from "@interpose/engine";

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A hundred years. What is longer is a slip, and soon no date any more. */
const LONGEST_MS = 36_500 * UNITS.d;

/** Reads a length of time such as `30d`, `1.5h`, `10s` or `250ms`, at most 36500d, in milliseconds. Throws `bad_request`, naming the option. */
export function parseDuration(text: string, option: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  const ms = number === undefined ? 0 : Number(number) * UNITS[unit as keyof typeof UNITS];
  if (ms > 0 && ms <= LONGEST_MS) return ms;
  throw new InterposeError(
    "bad_request",
    ms > LONGEST_MS
      ? `${option}: "${text}" is longer than 36500d.`
      : `${option}: "${text}" is no length of time. Write a number and ms, s, m, h or d, such as 30d.`,
  );
}
