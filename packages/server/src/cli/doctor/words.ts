import { InterposeError } from "@interpose/engine";

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000] as const;
/** Units, how long each is, and from which length on it is used: what is rounded to one of it in the next smaller one. */
const UNITS = [
  ["day", DAY, DAY - HOUR / 2],
  ["hour", HOUR, HOUR - MINUTE / 2],
  ["minute", MINUTE, MINUTE - SECOND / 2],
  ["second", SECOND, 0],
] as const;

/** A length of time in its largest unit, such as "3 days"; a second less than an hour is "1 hour". */
export function spanOf(ms: number): string {
  const [unit, length] = UNITS.find(([, , from]) => ms >= from) ?? UNITS[3];
  return counted(Math.round(ms / length), unit);
}

/** A number with what is counted, such as "1 target" and "2 targets". */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** A number of bytes in its largest unit. */
export function sizeOf(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Math.floor(bytes / 1024 ** power)} ${units[power]}`;
}

/** What an error says, on one line, with the reason that an error of the store keeps from clients. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof InterposeError && error.reason === "store_unavailable" && error.cause instanceof Error)
    return reasonOf(error.cause);
  const text = error instanceof AggregateError ? error.errors.map(reasonOf).join(", ") : error.message;
  return text.replace(/\s*\n\s*/g, " ").replace(/\.$/, "") || error.name;
}
