import {
  fromJson,
  ScalarType,
  type DescEnum,
  type DescField,
  type DescMessage,
  type DescOneof,
  type JsonValue as ProtobufJson,
} from "@bufbuild/protobuf";
import { isJsonObject, type JsonValue } from "@interpose/engine";
import { JsonFault } from "./json-fault.ts";

/**
 * Refuses JSON that cannot be of a message's type, saying where in it. The mapping of @bufbuild/protobuf checks all of it too, but names
 * no path, and takes an unknown name of an enum for an unknown field, which is to be ignored.
 * Throws JsonFault.
 */
export function checkJson(message: DescMessage, json: JsonValue, path: string): void {
  if (message.typeName.startsWith("google.protobuf.")) {
    checkWellKnown(message, json, path);
    return;
  }
  if (!isJsonObject(json)) throw new JsonFault(path, "a JSON object", kindOf(json));
  const chosen = new Map<DescOneof, string>();
  for (const [key, value] of Object.entries(json)) {
    const field = message.fields.find(({ name, jsonName }) => key === jsonName || key === name);
    if (!field || value === null) continue;
    const before = field.oneof && chosen.get(field.oneof);
    if (before !== undefined && before !== key) throw new JsonFault(path, `either ${before} or ${key}`, "both");
    if (field.oneof) chosen.set(field.oneof, key);
    checkField(field, value, path === "" ? key : `${path}.${key}`);
  }
}

/** Well-known types that are one value in JSON, and what that is. The others take nearly anything. */
const WELL_KNOWN: Readonly<Record<string, string>> = {
  "google.protobuf.Timestamp": 'a time such as "2024-06-25T13:35:39Z"',
  "google.protobuf.Duration": 'a duration such as "10s"',
  "google.protobuf.FieldMask": 'a list of fields such as "name,user.id"',
};

function checkWellKnown(message: DescMessage, json: JsonValue, path: string): void {
  const expected = WELL_KNOWN[message.typeName];
  if (expected === undefined) return;
  try {
    fromJson(message, json as ProtobufJson);
  } catch {
    throw new JsonFault(path, expected, typeof json === "string" ? json : kindOf(json));
  }
}

function checkField(field: DescField, value: JsonValue, path: string): void {
  switch (field.fieldKind) {
    case "scalar": {
      checkScalar(field.scalar, value, path);
      return;
    }
    case "enum": {
      checkEnum(field.enum, value, path);
      return;
    }
    case "message": {
      checkJson(field.message, value, path);
      return;
    }
    case "list":
      if (!Array.isArray(value)) throw new JsonFault(path, "a list", kindOf(value));
      for (const [i, item] of (value as readonly JsonValue[]).entries()) checkItem(field, item, `${path}[${i}]`);
      return;
    case "map":
      if (!isJsonObject(value)) throw new JsonFault(path, "a JSON object", kindOf(value));
      for (const [key, item] of Object.entries(value))
        checkItem(field, item, `${path}[${JSON.stringify(key.slice(0, 40))}]`);
  }
}

function checkItem(field: DescField & { fieldKind: "list" | "map" }, item: JsonValue, path: string): void {
  if (field.message) checkJson(field.message, item, path);
  else if (field.enum) checkEnum(field.enum, item, path);
  else checkScalar(field.scalar, item, path);
}

function checkEnum(type: DescEnum, value: JsonValue, path: string): void {
  if (type.typeName === "google.protobuf.NullValue" || (typeof value === "number" && Number.isInteger(value))) return;
  if (typeof value === "string" && type.values.some(({ name }) => name === value)) return;
  throw new JsonFault(path, `one of ${namesOf(type)}`, typeof value === "string" ? value : kindOf(value));
}

function checkScalar(type: ScalarType, value: JsonValue, path: string): void {
  const given = typeof value === "string" ? value : kindOf(value);
  switch (type) {
    case ScalarType.STRING:
      if (typeof value !== "string") throw new JsonFault(path, "a text", given);
      // Half of a surrogate pair is no character, and has no UTF-8.
      if (!value.isWellFormed()) throw new JsonFault(path, "a text of whole characters", undefined);
      return;
    case ScalarType.BOOL:
      if (typeof value !== "boolean") throw new JsonFault(path, "true or false", given);
      return;
    case ScalarType.BYTES:
      if (typeof value !== "string") throw new JsonFault(path, "bytes in base64", given);
      return;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      if (typeof value !== "number" && typeof value !== "string") throw new JsonFault(path, "a number", given);
      return;
    default: {
      const shown = typeof value === "number" ? String(value) : given;
      if (!isWholeNumber(value)) throw new JsonFault(path, "a whole number", shown);
      checkRange(type, value, path, shown);
    }
  }
}

function isWholeNumber(value: JsonValue): value is number | string {
  if (typeof value === "number") return Number.isInteger(value);
  return typeof value === "string" && /^-?\d+(\.0+)?([eE]\+?\d+)?$/.test(value);
}

const SIGNED_32 = { least: -(2n ** 31n), most: 2n ** 31n - 1n };
const UNSIGNED_32 = { least: 0n, most: 2n ** 32n - 1n };
const SIGNED_64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n };
const UNSIGNED_64 = { least: 0n, most: 2n ** 64n - 1n };
const RANGES: Readonly<Partial<Record<ScalarType, typeof SIGNED_32>>> = {
  [ScalarType.INT32]: SIGNED_32,
  [ScalarType.SINT32]: SIGNED_32,
  [ScalarType.SFIXED32]: SIGNED_32,
  [ScalarType.UINT32]: UNSIGNED_32,
  [ScalarType.FIXED32]: UNSIGNED_32,
  [ScalarType.INT64]: SIGNED_64,
  [ScalarType.SINT64]: SIGNED_64,
  [ScalarType.SFIXED64]: SIGNED_64,
  [ScalarType.UINT64]: UNSIGNED_64,
  [ScalarType.FIXED64]: UNSIGNED_64,
};

/** Texts with an exponent or a fraction of zeros are left to the mapping. */
function checkRange(type: ScalarType, value: number | string, path: string, shown: string): void {
  const range = RANGES[type];
  if (!range || (typeof value === "string" && !/^-?\d+$/.test(value))) return;
  // No range needs more digits, and making a number of very many takes long.
  const isLong = typeof value === "string" && value.length > 40;
  const number = isLong ? undefined : BigInt(value);
  if (number !== undefined && number >= range.least && number <= range.most) return;
  throw new JsonFault(path, `a whole number from ${range.least} to ${range.most}`, shown);
}

function kindOf(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value === "string" ? "text" : typeof value}`;
}

/** The names of an enum for people: the first few, when there are many. */
export function namesOf({ values }: DescEnum): string {
  const names = values.map(({ name }) => name);
  return names.length > 20 ? `${names.slice(0, 20).join(", ")}, …` : names.join(", ");
}
