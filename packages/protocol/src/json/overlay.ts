import { ScalarType, type DescEnum, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { isJsonObject, type JsonObject, type JsonValue, type Spelling } from "@interpose/engine";
import { exactNumber, isExactNumber } from "./exact.ts";

/**
 * Writes what changed in a message onto the JSON that it was made of, so that the rest stays as its author wrote it: fields that the descriptor does not know, numbers,
 * enums by number or by name, zero values, names in either spelling. Objects are gone into; a list that changed keeps the items that are still in it.
 * `original`: of `parseExact()`. `before` and `after`: the canonical JSON of the message, in the spelling of `spellingOf()`.
 */
export function overlay(
  type: DescMessage | DescField,
  original: JsonValue,
  before: JsonValue,
  after: JsonValue,
  spelling: Spelling,
): JsonValue {
  if (isSameJson(before, after)) return original;
  return type.kind === "message"
    ? overlayMessage(type, original, before, after, spelling)
    : overlayField(type, original, before, after, spelling);
}

function overlayMessage(
  message: DescMessage,
  original: JsonValue,
  before: JsonValue,
  after: JsonValue,
  spelling: Spelling,
): JsonValue {
  if (!isObject(original) || !isJsonObject(before) || !isJsonObject(after)) return after;
  if (OPEN.has(message.typeName)) return overlayOpen(original, before, after);
  if (message.typeName.startsWith("google.protobuf.")) return after;
  const entries = new Map(Object.entries(original));
  for (const field of message.fields) {
    const key = keyOf(field, spelling);
    const [was, is] = [own(before, key), own(after, key)];
    if (isSameJson(was, is)) continue;
    const [given = key, ...others] = [field.jsonName, field.name].filter((name) => entries.has(name));
    const value = entries.get(given);
    for (const name of others) if (name !== given) entries.delete(name);
    if (is === undefined) {
      entries.delete(given);
      continue;
    }
    const isNew = value === undefined || was === undefined;
    entries.set(given, isNew ? inStyleOf(field, value, is) : overlayField(field, value, was, is, spelling));
  }
  return Object.fromEntries(entries);
}

/** Objects whose keys are no fields. */
const OPEN = new Set(["google.protobuf.Struct", "google.protobuf.Value"]);

/** The name of a field in JSON. */
export function keyOf({ name, jsonName }: DescField, spelling: Spelling): string {
  return spelling === "proto" ? name : jsonName;
}

/** How the JSON of a message, or of a field, spells the names of fields; lowerCamelCase where nothing tells. */
export function spellingOf(type: DescMessage | DescField, json: JsonValue): Spelling {
  return (type.kind === "message" ? spellingIn(type, json) : spellingInField(type, json)) ?? "camel";
}

function spellingIn(message: DescMessage, json: JsonValue): Spelling | undefined {
  if (!isObject(json) || message.typeName.startsWith("google.protobuf.")) return undefined;
  for (const field of message.fields) {
    const value = own(json, field.jsonName) ?? own(json, field.name);
    if (value === undefined) continue;
    if (field.name !== field.jsonName) return own(json, field.jsonName) === undefined ? "proto" : "camel";
    const found = spellingInField(field, value);
    if (found) return found;
  }
  return undefined;
}

function spellingInField({ message, fieldKind }: DescField, json: JsonValue): Spelling | undefined {
  if (!message) return undefined;
  const values =
    fieldKind === "list" && isList(json) ? json : fieldKind === "map" && isObject(json) ? Object.values(json) : [json];
  for (const each of values) {
    const found = spellingIn(message, each);
    if (found) return found;
  }
  return undefined;
}

function overlayField(
  field: DescField,
  original: JsonValue,
  before: JsonValue,
  after: JsonValue,
  spelling: Spelling,
): JsonValue {
  switch (field.fieldKind) {
    case "message":
      return overlay(field.message, original, before, after, spelling);
    case "list":
      return overlayList(original, before, after);
    case "map":
      return overlayMap(field.message, original, before, after, spelling);
    default:
      return inStyleOf(field, original, after);
  }
}

/** The value as its predecessor was written: some servers write enums, and numbers of 64 bits, as numbers. */
function inStyleOf(field: DescField, original: JsonValue | undefined, after: JsonValue): JsonValue {
  if (!isExactNumber(original) || typeof after !== "string") return after;
  if (field.fieldKind === "enum") return numberOf(field.enum, after) ?? after;
  const isNumber = field.fieldKind === "scalar" && IS_64_BIT.has(field.scalar) && /^-?\d+$/.test(after);
  return isNumber ? exactNumber(after) : after;
}

const IS_64_BIT = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.SINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
]);

function numberOf({ values }: DescEnum, name: string): number | undefined {
  return values.find((each) => each.name === name)?.number;
}

/** Items that stay, in their place or in another, stay as they were written. One that is new in any way begins anew. */
function overlayList(original: JsonValue, before: JsonValue, after: JsonValue): JsonValue {
  if (!isList(original) || !isList(before) || !isList(after) || original.length !== before.length) return after;
  const texts = before.map((item) => JSON.stringify(item));
  const placeOf = new Map(texts.map((text, i) => [text, i]));
  return after.map((item, i) => {
    const text = JSON.stringify(item);
    const place = texts[i] === text ? i : placeOf.get(text);
    return place === undefined ? item : (original[place] ?? item);
  });
}

function overlayMap(
  type: DescMessage | undefined,
  original: JsonValue,
  before: JsonValue,
  after: JsonValue,
  spelling: Spelling,
): JsonValue {
  if (!isObject(original) || !isJsonObject(before) || !isJsonObject(after)) return after;
  // A key may be spelled in more than one way ("01"). Where that was done, nothing tells which entry is which.
  if (Object.keys(before).some((key) => !Object.hasOwn(original, key))) return after;
  return overlayKeys(original, before, after, (given, was, is) =>
    isSameJson(was, is) ? given : type ? overlayMessage(type, given, was, is, spelling) : is,
  );
}

function overlayOpen(original: JsonObject, before: JsonObject, after: JsonObject): JsonValue {
  return overlayKeys(original, before, after, (given, was, is) => {
    if (isSameJson(was, is)) return given;
    return isObject(given) && isJsonObject(was) && isJsonObject(is) ? overlayOpen(given, was, is) : is;
  });
}

function overlayKeys(
  original: JsonObject,
  before: JsonObject,
  after: JsonObject,
  each: (original: JsonValue, before: JsonValue, after: JsonValue) => JsonValue,
): JsonObject {
  const entries = new Map(Object.entries(original));
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) entries.delete(key);
  for (const [key, is] of Object.entries(after)) {
    const [given, was] = [entries.get(key), own(before, key)];
    entries.set(key, given === undefined || was === undefined ? is : each(given, was, is));
  }
  return Object.fromEntries(entries);
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return isJsonObject(value) && !isExactNumber(value);
}

/** A member of the object itself: keys are others' choice, and objects have members of their own by some names. */
function own(json: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(json, key) ? json[key] : undefined;
}

/** Whether two values are the same, in whatever order the keys of objects stand. */
export function isSameJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (Object.is(a, b)) return true;
  if (isList(a) && isList(b)) return a.length === b.length && a.every((item, i) => isSameJson(item, b[i]));
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isSameJson(a[key], b[key]))
  );
}
