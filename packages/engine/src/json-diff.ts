import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";

/** One difference between two JSON values. */
export interface JsonDifference {
  /** Where it is, as JSON Pointer (RFC 6901). An index into a list is the one that the element has after the change, or, where it is gone, had before. */
  readonly path: string;
  /** What was there. Absent: nothing was. */
  readonly before?: JsonValue | undefined;
  /** What is there now. Absent: nothing is. */
  readonly after?: JsonValue | undefined;
}

/** Most differences that are told one by one. What differs in more places is told as a whole. */
export const MAX_DIFFERENCES = 1_000;

/**
 * The differences between two JSON values, in the order of the first one's keys, with keys that are new at the end. Objects are compared key by key. Lists are compared
 * from both ends, and what is left between is compared element by element, so that one that was put in, or taken out, is one difference.
 */
export function jsonDiff(before: JsonValue, after: JsonValue): readonly JsonDifference[] {
  const found: JsonDifference[] = [];
  compare(before, after, "", found);
  return found.length > MAX_DIFFERENCES ? [{ path: "", before, after }] : found;
}

function compare(
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  path: string,
  found: JsonDifference[],
): void {
  if (found.length > MAX_DIFFERENCES) return;
  if (before === undefined || after === undefined) {
    if (before !== after)
      found.push({ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) });
    return;
  }
  if (isList(before) && isList(after)) compareLists(before, after, path, found);
  else if (isJsonObject(before) && isJsonObject(after)) compareObjects(before, after, path, found);
  else if (!isSameJson(before, after)) found.push({ path, before, after });
}

function compareObjects(before: JsonObject, after: JsonObject, path: string, found: JsonDifference[]): void {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
    compare(own(before, key), own(after, key), `${path}/${escapeKey(key)}`, found);
}

function compareLists(
  before: readonly JsonValue[],
  after: readonly JsonValue[],
  path: string,
  found: JsonDifference[],
): void {
  const shorter = Math.min(before.length, after.length);
  let first = 0;
  while (first < shorter && isSameJson(before[first], after[first])) first++;
  let last = 0;
  while (last < shorter - first && isSameJson(before.at(-1 - last), after.at(-1 - last))) last++;
  const between = Math.max(before.length, after.length) - last;
  for (let index = first; index < between; index++)
    compare(
      index < before.length - last ? before[index] : undefined,
      index < after.length - last ? after[index] : undefined,
      `${path}/${index}`,
      found,
    );
}

function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Whether two JSON values are the same, in whatever order the keys of their objects stand. */
export function isSameJson(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  if (one === other) return true;
  if (isList(one) && isList(other))
    return one.length === other.length && one.every((item, index) => isSameJson(item, other[index]));
  if (!isJsonObject(one) || !isJsonObject(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSameJson(one[key], other[key]))
  );
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** A key as a token of a JSON Pointer (RFC 6901, section 3). */
function escapeKey(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
