import { ScalarType, type DescEnum, type DescField, type DescMessage } from "@bufbuild/protobuf";
import type { JsonValue } from "@interpose/engine";
import { namesOf } from "../json/check-json.ts";
import { JsonFault } from "../json/json-fault.ts";

/** Messages that JSON writes as one text, and that a query can therefore hold. */
const TEXT_MESSAGES = new Set(["google.protobuf.Timestamp", "google.protobuf.Duration", "google.protobuf.FieldMask"]);
/** Messages that JSON writes as the value that they wrap. */
const WRAPPERS = /^google\.protobuf\.(Double|Float|U?Int64|U?Int32|Bool|String|Bytes)Value$/;

/** The JSON of a value that a path or a query gives as text. Throws JsonFault, naming the field. */
export function jsonFromText(field: DescField, text: string, path: string): JsonValue {
  switch (field.fieldKind) {
    case "scalar":
      return scalarFromText(field.scalar, text, path);
    case "enum":
      return enumFromText(field.enum, text, path);
    case "message":
      return messageFromText(field.message, text, path);
    case "list":
      if (field.listKind === "scalar") return scalarFromText(field.scalar, text, path);
      if (field.listKind === "enum") return enumFromText(field.enum, text, path);
      return messageFromText(field.message, text, path);
    case "map":
      throw new JsonFault(path, "a map, which cannot be written in a query. Use a method that takes a body", "");
  }
}

/** Whether a message has a text form, so that a query can hold it. */
export function isTextMessage({ typeName }: DescMessage): boolean {
  return TEXT_MESSAGES.has(typeName) || WRAPPERS.test(typeName);
}

/** A value's text for a path or a query, given its canonical JSON; `jsonFromText()` reads it. Undefined for what has no text. */
export function textFromJson(value: JsonValue | undefined): string | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "boolean":
      return String(value);
    default:
      // The one value that JSON writes as null is that of google.protobuf.NullValue.
      return value === null ? "NULL_VALUE" : undefined;
  }
}

function scalarFromText(type: ScalarType, text: string, path: string): JsonValue {
  switch (type) {
    case ScalarType.BOOL:
      if (text === "true" || text === "false") return text === "true";
      throw new JsonFault(path, "true or false", text);
    case ScalarType.STRING:
      return text;
    case ScalarType.BYTES:
      if (/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) return text.replaceAll("-", "+").replaceAll("_", "/");
      throw new JsonFault(path, "bytes in base64", text);
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      if (/^(NaN|-?Infinity)$/.test(text)) return text;
      if (text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
      throw new JsonFault(path, "a number", text);
    default:
      // Whether it is within the type's range is for the JSON mapping to say, which knows each of them.
      if (/^-?\d{1,20}$/.test(text)) return text;
      throw new JsonFault(path, "a whole number", text);
  }
}

function enumFromText(type: DescEnum, text: string, path: string): JsonValue {
  if (type.values.some(({ name }) => name === text)) return text;
  if (/^-?\d{1,10}$/.test(text)) return Number(text);
  throw new JsonFault(path, `one of ${namesOf(type)}`, text);
}

function messageFromText(message: DescMessage, text: string, path: string): JsonValue {
  if (TEXT_MESSAGES.has(message.typeName)) return text;
  const [value] = message.fields;
  if (WRAPPERS.test(message.typeName) && value) return jsonFromText(value, text, path);
  throw new JsonFault(
    path,
    `a message of type ${message.typeName}, whose fields are given one by one, as in ${path}.field=value`,
    text,
  );
}
