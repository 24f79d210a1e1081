import { InterposeError } from "@interpose/engine";

const SECOND = 1_000;
const UNITS = [
  ["day", 86_400 * SECOND],
  ["hour", 3_600 * SECOND],
  ["minute", 60 * SECOND],
  ["second", SECOND],
] as const;

/** A length of time, rounded in the largest unit that it then has one of: "3 days", and "1 hour" for a second less. */
export function spanOf(ms: number): string {
  const [unit, length] =
    UNITS.find(([, each], place) => {
      const [, smaller] = UNITS[place + 1] ?? ["", each];
      return Math.round(ms / smaller) * smaller >= each;
    }) ?? UNITS[3];
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
