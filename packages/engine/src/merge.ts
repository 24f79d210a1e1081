import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";
import type { FieldShape, MessageShape, Spelling } from "./message.ts";

/** Deepest nesting of a reply that is merged. Deeper ones are no message of anybody's. */
export const MAX_MERGE_DEPTH = 100;

/** What becomes of a reply's keys that are no field: left out, or kept in the result for the message to refuse. */
type UnknownKeys = "ignore" | "keep";

/** What holds for all levels of a merge. */
interface MergeRules {
  readonly spelling: Spelling;
  readonly unknownKeys: UnknownKeys;
}

/**
 * Merges a reply into a message. What the reply names overwrites: nested messages deeply, maps by key, lists and scalars whole; `null`
 * clears a field, and takes a key out of a map (RFC 7396). What it does not name stays. Setting one member of a oneof clears the others. `base` is spelled as
 * `spelling` says, and so is the result; the reply may spell each key in either way, and in any case where unknown keys are ignored.
 * Throws RangeError when the reply is nested deeper than `MAX_MERGE_DEPTH`.
 */
export function mergeReply(
  base: JsonObject,
  reply: JsonObject,
  shape: MessageShape,
  spelling: Spelling,
  unknownKeys: UnknownKeys = "ignore",
): JsonObject {
  return mergeMessage(base, reply, shape, { spelling, unknownKeys }, 0);
}

function mergeMessage(
  base: JsonObject,
  reply: JsonObject,
  shape: MessageShape,
  rules: MergeRules,
  depth: number,
): JsonObject {
  if (depth > MAX_MERGE_DEPTH) throw new RangeError(`the reply is nested deeper than ${MAX_MERGE_DEPTH} levels`);
  // A map keeps a key such as "__proto__" what it is: a key.
  const merged = new Map<string, JsonValue>(Object.entries(base));
  for (const [key, value] of Object.entries(reply)) {
    const field = fieldOf(key, shape, rules);
    if (!field) {
      if (rules.unknownKeys === "keep") merged.set(key, value);
      continue;
    }
    const name = nameOf(field, rules.spelling);
    if (value === null) {
      merged.delete(name);
      continue;
    }
    for (const sibling of field.siblings) merged.delete(nameOf(sibling, rules.spelling));
    merged.set(name, mergeField(merged.get(name), value, field, rules, depth));
  }
  return objectFrom(merged);
}

function mergeField(
  base: JsonValue | undefined,
  value: JsonValue,
  field: FieldShape,
  rules: MergeRules,
  depth: number,
): JsonValue {
  if (!isJsonObject(value)) return value;
  const before = isJsonObject(base) ? base : {};
  if (field.kind === "message" && field.shape) return mergeMessage(before, value, field.shape, rules, depth + 1);
  if (field.kind === "map") return mergeMap(before, value);
  return value;
}

function mergeMap(base: JsonObject, reply: JsonObject): JsonObject {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(reply)) {
    if (value === null) merged.delete(key);
    else merged.set(key, value);
  }
  return objectFrom(merged);
}

/** Where unknown keys are refused, a name in another case is one. */
function fieldOf(key: string, shape: MessageShape, { unknownKeys }: MergeRules): FieldShape | undefined {
  const field = shape.field(key);
  return unknownKeys === "ignore" || key === field?.protoName || key === field?.jsonName ? field : undefined;
}

function nameOf(field: { readonly protoName: string; readonly jsonName: string }, spelling: Spelling): string {
  return spelling === "proto" ? field.protoName : field.jsonName;
}

/** `Object.fromEntries` defines keys rather than assigning them, so that "__proto__" becomes a key like any other. */
function objectFrom(entries: ReadonlyMap<string, JsonValue>): JsonObject {
  return Object.fromEntries(entries);
}
