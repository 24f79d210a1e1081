import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { isJsonObject, type JsonValue, type Spelling } from "@interpose/engine";
import { keyOf } from "../json/overlay.ts";

/** A JSON object while it is being put together. */
export type MutableJson = Record<string, JsonValue>;

/** The fields on a parameter's way, by names in either spelling with dots between them; undefined when it names none. */
export function fieldsNamed(message: DescMessage, name: string): readonly DescField[] | undefined {
  const fields: DescField[] = [];
  let current: DescMessage | undefined = message;
  for (const part of name.split(".")) {
    const field: DescField | undefined = current?.fields.find((each) => each.name === part || each.jsonName === part);
    if (!field) return undefined;
    fields.push(field);
    current = field.fieldKind === "message" ? field.message : undefined;
  }
  return fields;
}

/** The name of a field deep in a message, as JSON spells it, with dots. */
export function dotted(fields: readonly DescField[]): string {
  return fields.map(({ jsonName }) => jsonName).join(".");
}

/** The value of a field, deep in a message's JSON in either spelling. */
export function at(json: JsonValue, fields: readonly DescField[]): JsonValue | undefined {
  let value: JsonValue | undefined = json;
  for (const field of fields) value = isJsonObject(value) ? (value[field.jsonName] ?? value[field.name]) : undefined;
  return value;
}

/** Sets a field, deep in the message. Names come from descriptors, and a second spelling of one from the body is taken out. */
export function put(json: MutableJson, fields: readonly DescField[], value: JsonValue): void {
  const [field, ...inner] = fields;
  if (!field) return;
  const before = json[field.jsonName] ?? json[field.name];
  if (field.name !== field.jsonName) Reflect.deleteProperty(json, field.name);
  if (inner.length === 0) {
    json[field.jsonName] = value;
    return;
  }
  const branch: MutableJson = isJsonObject(before) ? { ...before } : {};
  put(branch, inner, value);
  json[field.jsonName] = branch;
}

/**
 * A message's JSON, in one spelling, without a field deep in it; and without the messages that held nothing else, since what sets the field makes them anew.
 */
export function without(json: JsonValue, fields: readonly DescField[], spelling: Spelling): JsonValue {
  const [field, ...inner] = fields;
  const key = field && keyOf(field, spelling);
  if (key === undefined || !isJsonObject(json) || !Object.hasOwn(json, key)) return json;
  const { [key]: value, ...rest } = json;
  if (inner.length === 0) return rest;
  const left = without(value ?? null, inner, spelling);
  return isJsonObject(left) && Object.keys(left).length === 0 ? rest : { ...json, [key]: left };
}
