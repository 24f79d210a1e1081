import { getOption, ScalarType, type DescEnum, type DescField, type DescMessage } from "@bufbuild/protobuf";
import type { JsonObject, JsonValue } from "@interpose/engine";
import { field as fieldRules, type FieldRules } from "../gen/buf/validate/validate_pb.js";
import { sampleNumber, sampleText, setIn } from "./sample-scalars.ts";

/** Deepest nesting of messages in a sample, itself included. */
const MAX_DEPTH = 6;
/** Most fields of a sample, so that a type with ever more types in it makes none without end. */
const MAX_FIELDS = 500;

/** Types that JSON writes in a way of their own. https://protobuf.dev/programming-guides/json/ */
const WELL_KNOWN: Readonly<Record<string, JsonValue>> = {
  "google.protobuf.Timestamp": "2026-01-01T12:00:00Z",
  "google.protobuf.Duration": "10s",
  "google.protobuf.FieldMask": "",
  "google.protobuf.Struct": { key: "value" },
  "google.protobuf.Value": "value",
  "google.protobuf.ListValue": ["value"],
  "google.protobuf.Empty": {},
  "google.protobuf.Any": {},
  "google.protobuf.BoolValue": true,
  "google.protobuf.StringValue": "text",
  "google.protobuf.BytesValue": "Ynl0ZXM=",
  "google.protobuf.Int32Value": 1,
  "google.protobuf.UInt32Value": 1,
  "google.protobuf.Int64Value": "1",
  "google.protobuf.UInt64Value": "1",
  "google.protobuf.FloatValue": 1.5,
  "google.protobuf.DoubleValue": 1.5,
};

/**
 * A sample of a message, in lowerCamelCase JSON: each field has a value of its type that fulfils the rules which stand at it (protovalidate), as far as they are simple. Of a
 * oneof the first member is there; lists and maps have as many elements as they must, and one at least; a type is not repeated within itself.
 */
export function sampleMessage(schema: DescMessage): JsonObject {
  return sampleOf(schema, { path: [], fields: { left: MAX_FIELDS } }) as JsonObject;
}

interface Context {
  /** Types that the sample is within, the outermost first. */
  readonly path: readonly string[];
  readonly fields: { left: number };
}

function sampleOf(schema: DescMessage, { path, fields }: Context): JsonValue {
  const known = WELL_KNOWN[schema.typeName];
  if (known !== undefined) return known;
  const within: Context = { path: [...path, schema.typeName], fields };
  const json: Record<string, JsonValue> = {};
  for (const member of schema.members) {
    const field = member.kind === "oneof" ? member.fields[0] : member;
    const value = field && fields.left-- > 0 ? sampleField(field, within) : undefined;
    if (field && value !== undefined) json[field.jsonName] = value;
  }
  return json;
}

/** Undefined: it is left away. */
function sampleField(field: DescField, within: Context): JsonValue | undefined {
  const rules = getOption(field, fieldRules);
  switch (field.fieldKind) {
    case "scalar":
      return sampleScalar(field.scalar, rules, field.name);
    case "enum":
      return sampleEnum(field.enum, rules);
    case "message":
      // Rules of times know the present, which a sample does not: it takes one far ahead.
      if (rules.type.case === "timestamp" && setIn(rules.type.value).greaterThan?.case === "gtNow")
        return "2100-01-01T12:00:00Z";
      if (rules.type.case === "duration" && setIn(rules.type.value).const)
        return `${rules.type.value.const?.seconds ?? 0n}s`;
      return sampleMessageField(field.message, within, rules.required);
    case "list": {
      const list = rules.type.case === "repeated" ? setIn(rules.type.value) : undefined;
      const element = sampleElement(field, within, list?.items);
      if (element === undefined) return undefined;
      const count = Math.min(Math.max(1, Number(list?.minItems ?? 0n)), 20);
      return Array.from({ length: count }, (_, i) =>
        i > 0 && typeof element === "string" ? `${element}${i}` : element,
      );
    }
    case "map": {
      const map = rules.type.case === "map" ? setIn(rules.type.value) : undefined;
      const value = sampleElement(field, within, map?.values);
      const key = sampleScalar(field.mapKey, map?.keys, "key");
      return value === undefined ? undefined : { [typeof key === "string" ? key : JSON.stringify(key)]: value };
    }
  }
}

function sampleElement(
  field: DescField & { fieldKind: "list" | "map" },
  within: Context,
  rules: FieldRules | undefined,
): JsonValue | undefined {
  if (field.scalar !== undefined) return sampleScalar(field.scalar, rules, field.name);
  if (field.enum) return sampleEnum(field.enum, rules);
  return sampleMessageField(field.message, within, false);
}

function sampleMessageField(schema: DescMessage, within: Context, required: boolean): JsonValue | undefined {
  if (within.path.length >= MAX_DEPTH || within.fields.left <= 0) return required ? {} : undefined;
  if (within.path.includes(schema.typeName)) return required ? {} : undefined;
  return sampleOf(schema, within);
}

function sampleEnum(type: DescEnum, rules: FieldRules | undefined): JsonValue {
  const given = rules?.type.case === "enum" ? setIn(rules.type.value) : undefined;
  const wanted = given?.const ?? given?.in?.[0];
  if (wanted !== undefined) return type.value[wanted]?.name ?? wanted;
  const value = type.values.find(({ number }) => number !== 0 && !given?.notIn?.includes(number)) ?? type.values[0];
  return value?.name ?? 0;
}

function sampleScalar(type: ScalarType, rules: FieldRules | undefined, name: string): JsonValue {
  switch (type) {
    case ScalarType.BOOL:
      return rules?.type.case === "bool" ? (setIn(rules.type.value).const ?? true) : true;
    case ScalarType.STRING:
      return sampleText(rules?.type.case === "string" ? setIn(rules.type.value) : undefined, name);
    case ScalarType.BYTES: {
      const given = rules?.type.case === "bytes" ? setIn(rules.type.value) : undefined;
      const least = Number(given?.len ?? given?.minLen ?? 0n);
      return Buffer.from("bytes".padEnd(Math.min(least, 10_000), ".")).toString("base64");
    }
    default:
      return sampleNumber(type, rules);
  }
}
