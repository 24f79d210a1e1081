import { create, toJson, type DescField, type DescMessage, type Registry } from "@bufbuild/protobuf";
import { isJsonObject, type JsonObject, type JsonValue } from "@interpose/engine";
import { shownDynamic } from "./dynamic-json.ts";
import { formOf, type HiddenIn, type HiddenInField } from "./hidden-fields.ts";
import { shapeOf } from "./shape.ts";

/** Where messages of another type come from, and what stands for the value of one that is hidden. */
export interface ShownJsonOptions {
  /** Knows the types that `google.protobuf.Any` may hold. */
  readonly registry: Registry | undefined;
  /**
   * What is left of a hidden value that must have one, as the well-known types in a `google.protobuf.Any`: nothing in what targets see, and an empty one in what they reply. On record, names
   * of fields may be in any case.
   */
  readonly of: "payload" | "reply" | "record";
}

/** A message's JSON, in either spelling, without its hidden fields. What does not fit the type is left as it is, for others to refuse. */
export function shownJson(hidden: HiddenIn, json: JsonValue, options: ShownJsonOptions): JsonValue {
  switch (hidden.form) {
    case "json":
      return shownDynamic(hidden.place, json);
    case "any":
      return isJsonObject(json) ? shownAny(hidden, json, options) : json;
    case "message":
      return isJsonObject(json) ? shownMessage(hidden, json, options) : json;
    case "value":
      return json;
  }
}

function shownMessage(hidden: HiddenIn, json: JsonObject, options: ShownJsonOptions): JsonObject {
  const kept: (readonly [string, JsonValue])[] = [];
  for (const [key, value] of Object.entries(json)) {
    // A merge takes it for the same field.
    const inAnyCase = options.of === "record" ? shapeOf(hidden.schema).field(key)?.protoName : undefined;
    const field = fieldsByKey(hidden.schema).get(inAnyCase ?? key) ?? extensionOf(key, options.registry);
    const found = field && hidden.field(field);
    if (found?.isHidden) continue;
    const shown = found ? shownField(found, value, options) : value;
    if (shown !== undefined) kept.push([key, shown]);
  }
  // It defines keys rather than assigning them, so that "__proto__" is a key like any other.
  return Object.fromEntries(kept);
}

/** Undefined: nothing is left of it. */
function shownField(
  { inside, entry }: HiddenInField,
  value: JsonValue,
  options: ShownJsonOptions,
): JsonValue | undefined {
  if (entry) return isJsonObject(value) ? shownMap(entry, value, options) : value;
  if (!inside) return value;
  const each = (item: JsonValue): JsonValue => shownJson(inside, item, options);
  // A list of values is a list within a list: only the outer one is the field's.
  return Array.isArray(value) && inside.schema.typeName !== "google.protobuf.ListValue"
    ? (value as readonly JsonValue[]).map(each)
    : each(value);
}

function shownMap(
  entry: NonNullable<HiddenInField["entry"]>,
  map: JsonObject,
  options: ShownJsonOptions,
): JsonObject | undefined {
  const entries = Object.entries(map);
  const kept = entries.flatMap(([key, value]) => {
    const { isHidden, inside } = entry(key);
    return isHidden ? [] : [[key, inside ? shownJson(inside, value, options) : value] as const];
  });
  return kept.length === 0 && entries.length > 0 ? undefined : Object.fromEntries(kept);
}

function shownAny(hidden: HiddenIn, json: JsonObject, options: ShownJsonOptions): JsonObject {
  const type = json["@type"];
  const held =
    typeof type === "string" ? options.registry?.getMessage(type.slice(type.lastIndexOf("/") + 1)) : undefined;
  if (type === undefined || !held) return json;
  const { isHidden, inside } = hidden.content(held);
  if (formOf(held) === "message") {
    // The type is no field of the message that it names.
    const { "@type": _type, ...fields } = json;
    const shown = inside ? shownJson(inside, fields, options) : fields;
    return { "@type": type, ...(shown as JsonObject) };
  }
  // What is given beside "value" would be taken for it where that is missing.
  if (isHidden || !Object.hasOwn(json, "value"))
    return options.of === "payload" ? { "@type": type } : { "@type": type, value: zeroOf(held) };
  const value = json.value as JsonValue;
  return { "@type": type, value: inside ? shownJson(inside, value, options) : value };
}

/** The JSON of an empty message of a well-known type. */
function zeroOf(schema: DescMessage): JsonValue {
  return schema.typeName === "google.protobuf.Value" ? null : toJson(schema, create(schema));
}

const FIELDS_BY_KEY = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();

/** A type's fields by their names in either spelling. */
function fieldsByKey(schema: DescMessage): ReadonlyMap<string, DescField> {
  const known = FIELDS_BY_KEY.get(schema);
  if (known) return known;
  const made = new Map(
    schema.fields.flatMap((field) => [[field.name, field] as const, [field.jsonName, field] as const]),
  );
  FIELDS_BY_KEY.set(schema, made);
  return made;
}

function extensionOf(key: string, registry: Registry | undefined) {
  return key.startsWith("[") && key.endsWith("]") ? registry?.getExtension(key.slice(1, -1)) : undefined;
}
