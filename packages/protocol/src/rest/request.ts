import { fromJson, type DescField, type DescMessage, type Message, type Registry } from "@bufbuild/protobuf";
import type { JsonValue as ProtobufJson } from "@bufbuild/protobuf";
import { InterposeError, isJsonObject, type JsonValue } from "@interpose/engine";
import { checkJson } from "../json/check-json.ts";
import { JsonFault } from "../json/json-fault.ts";
import type { PathVariable, Route } from "./routes.ts";
import { jsonFromText } from "./text-value.ts";

/** Deepest nesting of a body. The mapping of JSON to messages calls itself for each level. */
export const MAX_JSON_DEPTH = 100;
/** Most parameters of a query that are looked at. */
const MAX_QUERY_PARAMETERS = 1_000;

/** What of an HTTP request makes the message. */
export interface RestRequest {
  readonly variables: readonly PathVariable[];
  /** What stands behind the question mark. */
  readonly query: string;
  readonly body: Uint8Array;
}

/** A JSON object while it is being put together. */
type MutableJson = Record<string, JsonValue>;

/**
 * Makes the request message: the body as the route says, then the query (where the body is not the whole message), then the path, which wins.
 * Unknown fields and parameters are ignored. Throws `bad_request`, saying what is wrong and where.
 */
export function decodeRequest(route: Route, request: RestRequest, registry?: Registry): Message {
  try {
    return messageFrom(route, request, registry);
  } catch (error) {
    throw error instanceof JsonFault ? badRequest(error) : error;
  }
}

/** Makes a message of its JSON, as the body of a call has it: unknown fields are ignored, and nothing at all is a message without fields. Throws `bad_request`. */
export function decodeJsonMessage(schema: DescMessage, body: Uint8Array, registry?: Registry): Message {
  try {
    return messageFromJson(schema, jsonFromBody({ body: "message", input: schema }, body), registry);
  } catch (error) {
    throw error instanceof JsonFault ? badRequest(error) : error;
  }
}

/** The refusal of a value: which field, what was expected, and what was given. */
function badRequest({ path, message: description }: JsonFault): InterposeError {
  return new InterposeError("bad_request", `${path === "" ? "The request" : path}: ${description}.`, {
    violations: [{ field: path, description }],
  });
}

function messageFrom(route: Route, { variables, query, body }: RestRequest, registry: Registry | undefined): Message {
  const { input } = route.method;
  const json = jsonFromBody({ body: route.body, input }, body);
  if (route.body !== "message") addQuery(json, query, input, route);
  for (const { fields, text } of variables) {
    const [last, path] = [fields.at(-1), fields.map(({ name }) => name).join(".")];
    if (last) put(json, fields, jsonFromText(last, text, path));
  }
  return messageFromJson(input, json, registry);
}

function jsonFromBody(
  { body: kind, input }: Pick<Route, "body"> & { readonly input: DescMessage },
  body: Uint8Array,
): MutableJson {
  if (kind === "nothing") return {};
  const text = decodeUtf8(body);
  if (text.trim() === "") return {};
  const value = parseJson(text);
  if (kind === "message") {
    checkJson(input, value, "");
    // The check above lets well-known types pass, which are no objects everywhere.
    if (!isJsonObject(value)) throw new JsonFault("", "a JSON object", undefined);
    return { ...value };
  }
  const json: MutableJson = {};
  Object.defineProperty(json, kind.jsonName, { value, enumerable: true, configurable: true, writable: true });
  checkJson(input, json, "");
  return json;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new JsonFault("", "UTF-8", undefined);
  }
}

function parseJson(text: string): JsonValue {
  refuseDepth(text);
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new InterposeError("bad_request", `The body is not JSON: ${(error as Error).message.slice(0, 200)}.`);
  }
}

/** Counts brackets outside of texts, so that no parser ever sees what is too deep. */
function refuseDepth(text: string): void {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (inText) {
      if (character === 0x5c) i++;
      else if (character === 0x22) inText = false;
    } else if (character === 0x22) inText = true;
    else if (character === 0x7b || character === 0x5b) depth++;
    else if (character === 0x7d || character === 0x5d) depth--;
    if (depth > MAX_JSON_DEPTH) throw new JsonFault("", `at most ${MAX_JSON_DEPTH} levels of nesting`, undefined);
  }
}

/** Adds the parameters that name a field, in either spelling and with dots into messages. The body's own field is not for the query. */
function addQuery(json: MutableJson, query: string, input: DescMessage, route: Route): void {
  let count = 0;
  for (const [name, text] of new URLSearchParams(query)) {
    if (++count > MAX_QUERY_PARAMETERS)
      throw new JsonFault("", `at most ${MAX_QUERY_PARAMETERS} query parameters`, undefined);
    const fields = fieldsNamed(input, name);
    const last = fields?.at(-1);
    if (!fields || !last || fields[0] === route.body) continue;
    const value = jsonFromText(last, text, name);
    if (last.fieldKind === "list") {
      const before = at(json, fields);
      put(json, fields, [...(Array.isArray(before) ? (before as readonly JsonValue[]) : []), value]);
    } else if (at(json, fields) === undefined) put(json, fields, value);
    else throw new JsonFault(name, "one value; it is given more than once", undefined);
  }
}

/** The fields on a parameter's way, or undefined when it names none. */
function fieldsNamed(message: DescMessage, name: string): readonly DescField[] | undefined {
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

function at(json: MutableJson, fields: readonly DescField[]): JsonValue | undefined {
  let value: JsonValue | undefined = json;
  for (const field of fields) value = isJsonObject(value) ? (value[field.jsonName] ?? value[field.name]) : undefined;
  return value;
}

/** Sets a field, deep in the message. Names come from descriptors, and a second spelling of one from the body is taken out. */
function put(json: MutableJson, fields: readonly DescField[], value: JsonValue): void {
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

function messageFromJson(schema: DescMessage, json: JsonValue, registry: Registry | undefined): Message {
  try {
    return fromJson(schema, json as ProtobufJson, { ignoreUnknownFields: true, ...(registry && { registry }) });
  } catch (error) {
    const said = (error as Error).message;
    const [, field = "", why = said] =
      /^cannot decode (?:field|message|oneof) (\S+) from JSON:? ?(.*)$/s.exec(said) ?? [];
    const name = field.startsWith(`${schema.typeName}.`) ? field.slice(schema.typeName.length + 1) : field;
    const description = why.slice(0, 200) || "it does not fit the field's type";
    throw new InterposeError("bad_request", `${name === "" ? "The request" : name}: ${description}.`, {
      violations: [{ field: name, description }],
    });
  }
}
