import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";

/**
 * Merges JSON that no message's type describes: what `later` names overwrites, objects are merged deeply, lists and scalars, null among them, are replaced
 * whole. What it does not name stays. How deep `later` is nested is for its sender to bound, see `faultOfJson`.
 */
export function mergeJson(base: JsonObject, later: JsonObject): JsonObject {
  // A map keeps a key such as "__proto__" what it is: a key.
  const merged = new Map<string, JsonValue>(Object.entries(base));
  for (const [key, value] of Object.entries(later)) {
    const before = merged.get(key);
    merged.set(key, isJsonObject(value) ? mergeJson(isJsonObject(before) ? before : {}, value) : value);
  }
  return Object.fromEntries(merged);
}

/** Merges as `mergeJson` does, but `null` takes out what it stands for, on each level (RFC 7396, JSON Merge Patch). */
export function mergePatch(base: JsonObject, patch: JsonObject): JsonObject {
  const merged = new Map<string, JsonValue>(Object.entries(base));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      merged.delete(key);
      continue;
    }
    const before = merged.get(key);
    merged.set(key, isJsonObject(value) ? mergePatch(isJsonObject(before) ? before : {}, value) : value);
  }
  return Object.fromEntries(merged);
}
