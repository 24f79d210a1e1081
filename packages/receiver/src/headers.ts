import { ReceiverError } from "./error.ts";

/** Headers of a call: those of Fetch, those of Node, or a plain object. Names in any case. */
export type HeadersLike =
  { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>;

/** ZITADEL's signature: `t=<seconds>,v1=<hex>[,v1=<hex>]`. */
export const ZITADEL_SIGNATURE = "zitadel-signature";

/** Headers of Standard Webhooks. https://www.standardwebhooks.com */
export const WEBHOOK_ID = "webhook-id";
export const WEBHOOK_TIMESTAMP = "webhook-timestamp";
export const WEBHOOK_SIGNATURE = "webhook-signature";

/** Proof of which runs led to a call, which its target sends back with calls that it makes. */
export const RUN_HEADER = "interpose-run";

/** The value of a header, given its name in small letters: `undefined` where it is not there or empty. Throws `duplicate_header`, and `oversized` beyond `maxLength` characters. */
export function readHeader(headers: HeadersLike, name: string, maxLength: number): string | undefined {
  const values = valuesOf(headers, name);
  if (values.length > 1) throw duplicateHeader(name);
  const value = values[0]?.trim() ?? "";
  if (value.length > maxLength)
    throw new ReceiverError("oversized", `The header ${name} has more than ${maxLength} characters.`);
  return value === "" ? undefined : value;
}

/** The error for a header that is there more than once. Fetch and Node join its values with a comma, so that it is often known by its text alone. */
export function duplicateHeader(name: string): ReceiverError {
  return new ReceiverError("duplicate_header", `The header ${name} is there more than once.`);
}

function valuesOf(headers: HeadersLike, name: string): readonly string[] {
  if (isFetchHeaders(headers)) {
    const value = headers.get(name);
    return value === null ? [] : [value];
  }
  return Object.entries(headers).flatMap(([key, value]) =>
    key.toLowerCase() === name && value !== undefined ? value : [],
  );
}

function isFetchHeaders(headers: HeadersLike): headers is { get(name: string): string | null } {
  return typeof headers.get === "function";
}
