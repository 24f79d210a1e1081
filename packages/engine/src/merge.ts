import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";
import type { FieldShape, MessageShape, Spelling } from "./message.ts";

/** Deepest nesting of a reply that is merged. Deeper ones are no message of anybody's. */
export const MAX_MERGE_DEPTH = 100;

/**
 * Merges a reply into a message. What the reply names overwrites: nested messages deeply, maps by key, lists and scalars whole; `null`
 * clears a field. What it does not name stays, and what the message's type does not know is ignored. Setting one member of a oneof
 * clears the others. `base` is spelled as `spelling` says, and so is the result; the reply may spell each key in either way.
 * Throws RangeError when the reply is nested deeper than `MAX_MERGE_DEPTH`.
 */
export function mergeReply(base: JsonObject, reply: JsonObject, shape: MessageShape, spelling: Spelling): JsonObject {
  return mergeMessage(base, reply, shape, spelling, 0);
}

function mergeMessage(
  base: JsonObject,
  reply: JsonObject,
  shape: MessageShape,
  spelling: Spelling,
  depth: number,
): JsonObject {
  if (depth > MAX_MERGE_DEPTH) throw new RangeError(`the reply is nested deeper than ${MAX_MERGE_DEPTH} levels`);
  // A map keeps a key such as "__proto__" what it is: a key.
  const merged = new Map<string, JsonValue>(Object.entries(base));
  for (const [key, value] of Object.entries(reply)) {
    const field = shape.field(key);
    if (!field) continue;
    const name = nameOf(field, spelling);
    if (value === null) {
      merged.delete(name);
      continue;
    }
    for (const sibling of field.siblings) merged.delete(nameOf(sibling, spelling));
    merged.set(name, mergeField(merged.get(name), value, field, spelling, depth));
  }
  return objectFrom(merged);
}

function mergeField(
  base: JsonValue | undefined,
  value: JsonValue,
  field: FieldShape,
  spelling: Spelling,
  depth: number,
): JsonValue {
  if (!isJsonObject(value)) return value;
  const before = isJsonObject(base) ? base : {};
  if (field.kind === "message" && field.shape) return mergeMessage(before, value, field.shape, spelling, depth + 1);
  if (field.kind === "map") return objectFrom(new Map([...Object.entries(before), ...Object.entries(value)]));
  return value;
}

function nameOf(field: { readonly protoName: string; readonly jsonName: string }, spelling: Spelling): string {
  return spelling === "proto" ? field.protoName : field.jsonName;
}

/** `Object.fromEntries` defines keys rather than assigning them, so that "__proto__" becomes a key like any other. */
function objectFrom(entries: ReadonlyMap<string, JsonValue>): JsonObject {
  return Object.fromEntries(entries);
}
