import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { isJsonObject, type JsonObject, type JsonValue, type Spelling } from "@interpose/engine";

/** Whether a field's value is not for others, by `debug_redact` in its .proto file (google/protobuf/descriptor.proto). */
export function isRedacted(field: DescField): boolean {
  return field.proto.options?.debugRedact === true;
}

const HAS_REDACTED = new WeakMap<DescMessage, boolean>();

/** Whether a message, or one that it can hold at any depth, has a redacted field. */
export function hasRedacted(message: DescMessage): boolean {
  const known = HAS_REDACTED.get(message);
  if (known !== undefined) return known;
  const seen = new Set<DescMessage>();
  const search = (each: DescMessage): boolean => {
    if (seen.has(each)) return false;
    seen.add(each);
    return each.fields.some((field) => isRedacted(field) || (field.message !== undefined && search(field.message)));
  };
  const found = search(message);
  HAS_REDACTED.set(message, found);
  return found;
}

/** A message's JSON without its redacted fields, at any depth. */
export function redacted(message: DescMessage, json: JsonObject, spelling: Spelling): JsonObject {
  if (!hasRedacted(message)) return json;
  return Object.fromEntries(
    Object.entries(json).flatMap(([key, value]) => {
      const field = message.fields.find(({ name, jsonName }) => key === (spelling === "proto" ? name : jsonName));
      if (!field) return [[key, value] as const];
      return isRedacted(field) ? [] : [[key, redactedValue(field, value, spelling)] as const];
    }),
  );
}

function redactedValue(field: DescField, value: JsonValue, spelling: Spelling): JsonValue {
  const inner = field.message;
  if (!inner) return value;
  const each = (item: JsonValue): JsonValue => (isJsonObject(item) ? redacted(inner, item, spelling) : item);
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(each);
  if (field.fieldKind !== "map" || !isJsonObject(value)) return each(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, each(item)]));
}
