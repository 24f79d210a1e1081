import { durationFromMs, durationMs, timestampDate, type Duration, type Timestamp } from "@bufbuild/protobuf/wkt";

/** Units, how long each is, and from which length on it is used: of two months on, days say less than months do. */
const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number, number])[] = [
  ["year", 365 * 86_400_000, 365 * 86_400_000],
  ["month", 30 * 86_400_000, 60 * 86_400_000],
  ["day", 86_400_000, 86_400_000],
  ["hour", 3_600_000, 3_600_000],
  ["minute", 60_000, 60_000],
];
const relative = new Intl.RelativeTimeFormat("en");
/** What lacks a little of a unit counts as one: 23 hours and 59 minutes are a day. */
const NEARLY = 0.97;

/** A time in relation to now: "3 minutes ago", "in 2 days". */
export function relativeTime(at: Date, now: Date): string {
  const ms = at.getTime() - now.getTime();
  if (Math.abs(ms) < 1_000) return "now";
  const [unit, size] = UNITS.find(([, , from]) => Math.abs(ms) >= NEARLY * from) ?? (["second", 1_000] as const);
  return relative.format(Math.round(ms / size), unit);
}

/** A length of time for people: "850 ms", "1.2 s", "2 min", "2 min 5 s". */
export function formatMs(ms: number): string {
  if (ms < 1_000) return `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`;
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`;
  const parts = (
    [
      ["d", 86_400_000],
      ["h", 3_600_000],
      ["min", 60_000],
      ["s", 1_000],
    ] as const
  ).reduce<{
    readonly left: number;
    readonly texts: readonly string[];
  }>(
    ({ left, texts }, [unit, size]) => {
      const count = Math.floor(left / size);
      return { left: left - count * size, texts: count > 0 ? [...texts, `${count} ${unit}`] : texts };
    },
    { left: Math.round(ms / 1_000) * 1_000, texts: [] },
  );
  return parts.texts.slice(0, 2).join(" ");
}

/** A duration of a message for people. */
export function formatDuration(duration: Duration | undefined): string {
  return duration ? formatMs(durationMs(duration)) : "";
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Reads a length of time as people write it: "5s", "250 ms", "1.5 min", "2h", "30d"; a bare number is seconds. Undefined where it is none. */
export function parseMs(text: string): number | undefined {
  const [, number, unit = "s"] = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)?\s*$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  return number === undefined || unitMs === undefined ? undefined : Math.round(Number(number) * unitMs);
}

/** The same as a duration of a message. */
export function parseDuration(text: string): Duration | undefined {
  const ms = parseMs(text);
  return ms === undefined ? undefined : durationFromMs(ms);
}

/** A length of time as a field of a form has it: "5s", "250ms". */
export function editableDuration(duration: Duration | undefined): string {
  if (!duration) return "";
  const ms = durationMs(duration);
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}

/** The date of a message's time. */
export function dateOf(time: Timestamp | undefined): Date | undefined {
  return time && timestampDate(time);
}
