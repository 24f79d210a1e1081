const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** The longest that `google.protobuf.Duration` can say, in milliseconds: about 10,000 years. */
export const LONGEST_DURATION_MS = 315_576_000_000_000;
const NANOSECONDS = 1_000_000;

/** Milliseconds of a length of time such as `30d`, `1.5h`, `10s` or `250ms`, to the nanosecond. Undefined for what is none, or is nothing. */
export function msOfDuration(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,30}(?:\.\d{1,30})?)(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  if (number === undefined) return undefined;
  const ms = Number(number) * UNITS[unit as keyof typeof UNITS];
  const exact = Number.isInteger(ms) ? ms : Math.round(ms * NANOSECONDS) / NANOSECONDS;
  return exact > 0 && Number.isFinite(exact) ? exact : undefined;
}

/** A length of time as `msOfDuration` reads it, in the largest unit that it is a whole number of. */
export function durationText(ms: number): string {
  const unit = (["d", "h", "m", "s"] as const).find((each) => ms % UNITS[each] === 0) ?? "ms";
  return `${ms / UNITS[unit]}${unit}`;
}
