/** Characters that mean something within a quoted element. */
const SPECIAL = /["\\]/;

/** Text of a PostgreSQL array of numbers or booleans, as a parameter. The driver would do the same for arrays, in several times the time and memory. */
export function arrayText(values: readonly (number | bigint | boolean | null | undefined)[]): string {
  return `{${values.map((value) => value ?? "null").join(",")}}`;
}

/** The same of texts. */
export function textArrayText(values: readonly (string | null | undefined)[]): string {
  return `{${values.map((value) => (value === null || value === undefined ? "null" : quoted(value))).join(",")}}`;
}

/** The same of bytes. */
export function byteArrayText(values: readonly (Uint8Array | undefined)[]): string {
  return `{${values.map((bytes) => (bytes === undefined ? "null" : `"\\\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}"`)).join(",")}}`;
}

function quoted(text: string): string {
  return SPECIAL.test(text) ? `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"` : `"${text}"`;
}

/** Stands between JSON texts, none of which has it: JSON writes it in another way. */
const BETWEEN = "\u0001";

/** JSON texts as one parameter, which `string_to_array($1, chr(1))` takes apart: in an array, each of their many quotes would have to be escaped. */
export function joinedJson(texts: readonly string[]): string {
  return texts.join(BETWEEN);
}
