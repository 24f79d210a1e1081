import { fromJson, type DescMessage, type Message, type Registry } from "@bufbuild/protobuf";
import type { JsonValue as ProtobufJson } from "@bufbuild/protobuf";
import { InterposeError, isJsonObject, type JsonValue } from "@interpose/engine";
import { checkJson } from "../json/check-json.ts";
import { JsonFault } from "../json/json-fault.ts";
import { decodeUtf8, parseJson } from "../json/parse.ts";
import type { Route } from "./bindings.ts";
import { at, fieldsNamed, put, type MutableJson } from "./fields-in-json.ts";
import { httpBodyFrom, isHttpBody, setHttpBody, typeOfBody } from "./http-body.ts";
import type { PathVariable } from "./routes.ts";
import { jsonFromText } from "./text-value.ts";

/** Most parameters of a query that are looked at. */
const MAX_QUERY_PARAMETERS = 1_000;

/** What of an HTTP request makes the message. */
export interface RestRequest {
  readonly variables: readonly PathVariable[];
  /** What stands behind the question mark. */
  readonly query: string;
  readonly body: Uint8Array;
  /** `content-type` of the body. Only `google.api.HttpBody` asks for it. */
  readonly contentType?: string | undefined;
}

/**
 * Makes the request message: the body as the route says, then the query (where the body is not the whole message), then the path, which wins.
 * Unknown fields and parameters are ignored. Throws `bad_request`, saying what is wrong and where, and `not_over_rest` for a method to which clients send a stream.
 */
export function decodeRequest(route: Route, request: RestRequest, registry?: Registry): Message {
  refuseStreamOfClient(route);
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

/** Reads a body that is JSON, whatever its type. Throws `bad_request`. */
export function decodeJson(body: Uint8Array): JsonValue {
  try {
    return parseJson(decodeUtf8(body));
  } catch (error) {
    throw error instanceof JsonFault ? badRequest(error) : error;
  }
}

/** Refuses a method to which clients send a stream: REST has no way to say one. Throws `not_over_rest`. */
export function refuseStreamOfClient({ method }: Route): void {
  if (method.methodKind === "unary" || method.methodKind === "server_streaming") return;
  throw new InterposeError(
    "not_over_rest",
    `Clients send a stream of messages to ${method.parent.typeName}.${method.name}, which REST cannot say. Call it in gRPC or Connect.`,
  );
}

/** The refusal of a value: which field, what was expected, and what was given. */
function badRequest({ path, message: description }: JsonFault): InterposeError {
  return new InterposeError("bad_request", `${path === "" ? "The request" : path}: ${description}.`, {
    violations: [{ field: path, description }],
  });
}

function messageFrom(
  route: Route,
  { variables, query, body, contentType }: RestRequest,
  registry: Registry | undefined,
): Message {
  const { input } = route.method;
  const bodyField = typeof route.body === "string" ? undefined : route.body;
  const rawType = route.body === "nothing" ? undefined : typeOfBody(input, bodyField);
  const isRaw = isHttpBody(rawType);
  if (isRaw && !bodyField) return httpBodyFrom(rawType, { bytes: body, contentType });
  const json = isRaw ? {} : jsonFromBody({ body: route.body, input }, body);
  if (route.body !== "message") addQuery(json, query, input, route);
  for (const { fields, text } of variables) {
    const [last, path] = [fields.at(-1), fields.map(({ name }) => name).join(".")];
    if (last) put(json, fields, jsonFromText(last, text, path));
  }
  const message = messageFromJson(input, json, registry);
  if (isRaw && bodyField && (body.byteLength > 0 || contentType !== undefined))
    setHttpBody(message, bodyField, { bytes: body, contentType });
  return message;
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
