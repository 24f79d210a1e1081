import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";

/** A length of time as people read it: `3 ms`, `1.5 s`, `2 min`, `3 h`, `2 d`. */
export function readableMs(ms: number): string {
  const units = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "min"],
    [1_000, "s"],
  ] as const;
  const [size, name] = units.find(([least]) => ms >= least) ?? [1, "ms"];
  const number = ms / size;
  return `${number >= 10 || size === 1 ? Math.round(number) : Math.round(number * 10) / 10} ${name}`;
}

/** A time as people read it, in UTC: `2026-11-26 10:02:03Z`. Empty where there is none. */
export function readableTime(time: Timestamp | undefined): string {
  return time ? timestampDate(time).toISOString().replace("T", " ").replace(/\.\d+/, "") : "";
}

/** A time for programs, as ISO 8601. Undefined where there is none. */
export function isoTime(time: Timestamp | undefined): string | undefined {
  return time && timestampDate(time).toISOString();
}
