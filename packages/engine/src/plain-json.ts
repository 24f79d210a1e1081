import { MAX_MERGE_DEPTH } from "./merge.ts";

/**
 * Why a value is no JSON that every protocol can carry, with where; undefined when it is. JSON texts can say what others can't: numbers that are too large, halves of characters. `name` is
 * what the path begins with.
 */
export function faultOfJson(value: unknown, name: string): string | undefined {
  return faultAt(value, name, 0);
}

function faultAt(value: unknown, path: string, depth: number): string | undefined {
  if (depth > MAX_MERGE_DEPTH) return `${shortened(path)} is nested deeper than ${MAX_MERGE_DEPTH} levels`;
  switch (typeof value) {
    case "boolean":
      return undefined;
    case "number":
      return Number.isFinite(value) ? undefined : `${shortened(path)} is a number that is too large, or none`;
    case "string":
      return value.isWellFormed() ? undefined : `${shortened(path)} has half of a character in it`;
    case "object":
      return value === null ? undefined : faultOfItems(value, path, depth);
    default:
      return `${shortened(path)} is no JSON`;
  }
}

function faultOfItems(value: object, path: string, depth: number): string | undefined {
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      const fault = faultAt(item, `${path}[${i}]`, depth + 1);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `${shortened(path)} is no JSON`;
  for (const [key, each] of Object.entries(value)) {
    if (!key.isWellFormed()) return `${shortened(path)} has a key with half of a character in it`;
    const fault = faultAt(each, `${path}.${key}`, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function shortened(path: string): string {
  return path.length > 200 ? `${path.slice(0, 200)}…` : path;
}
