import { ReceiverError } from "./error.ts";
import type { BuiltinFunctions, Fields } from "./functions.ts";

/** What a target is told of a call of an API, in either dialect. Names are those on the wire. What is empty is left out. */
interface MethodCall {
  /** `/package.Service/Method` */
  readonly fullMethod: string;
  readonly instanceID?: string | undefined;
  readonly orgID?: string | undefined;
  readonly projectID?: string | undefined;
  readonly userID?: string | undefined;
  /** Headers of the call, in the dialect v2. */
  readonly headers?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** What every call has. */
interface Sent {
  /** The whole payload as it was sent, with what this version of the package does not know. */
  readonly payload: Fields;
}

/** A request on its way to an API. */
export interface RequestCall<Request = Fields> extends MethodCall, Sent {
  readonly kind: "request";
  readonly request: Request;
}

/** How an API failed, in place of a response. */
export interface ApiError {
  /** gRPC's name of it, such as `NOT_FOUND`. */
  readonly code: string;
  readonly message: string;
  readonly details: readonly Fields[];
}

/** A response on its way back; or an error, where the execution runs for those too. */
export type ResponseCall<Request = Fields, Response = Fields> = MethodCall &
  Sent & { readonly kind: "response"; readonly request: Request } & (
    | { readonly response: Response; readonly error?: undefined }
    | { readonly response?: undefined; readonly error: ApiError }
  );

/** An event. */
export interface EventCall<Payload = Fields> extends Sent {
  readonly kind: "event";
  readonly aggregateID: string;
  readonly aggregateType: string;
  readonly resourceOwner?: string | undefined;
  readonly instanceID?: string | undefined;
  readonly version?: string | undefined;
  /** Counts the events of the aggregate, from 1. */
  readonly sequence: number;
  readonly event_type: string;
  /** RFC 3339. */
  readonly created_at: string;
  readonly userID?: string | undefined;
  readonly event_payload: Payload;
}

/** An invocation of a function that nobody here knows more of. */
export interface OtherFunctionCall extends Sent {
  readonly kind: "function";
  /** Without `function/`. */
  readonly name: string;
  readonly input: Fields;
}

/** An invocation of one of the functions that ZITADEL knows. */
export type BuiltinFunctionCall<Name extends keyof BuiltinFunctions = keyof BuiltinFunctions> = {
  readonly [N in Name]: Sent & {
    readonly kind: "function";
    readonly name: N;
    readonly input: BuiltinFunctions[N]["input"];
  };
}[Name];

/** An invocation of a function. */
export type FunctionCall = BuiltinFunctionCall | OtherFunctionCall;

/** What a target is called for. */
export type Call = RequestCall | ResponseCall | EventCall | FunctionCall;

/** Whether an invocation is one of this function, whose input is then known. */
export function isFunction<Name extends keyof BuiltinFunctions>(
  call: FunctionCall,
  name: Name,
): call is BuiltinFunctionCall<Name> {
  return call.name === name;
}

/**
 * Reads a payload: the JSON that a target is sent, of either dialect. Fields that are not known are left in `payload`; those that are known must be of their
 * type. Throws `payload_invalid`, which names the field.
 */
export function readCall(json: string): Call {
  const payload = parse(json);
  const { fullMethod, event_type: eventType } = payload;
  // An input can have fields of any name, so that functions come first.
  if (typeof payload.function === "string") return readFunction(payload, payload.function);
  if (typeof eventType === "string") return readEvent(payload, eventType);
  if (typeof fullMethod === "string") return readMethodCall(payload, fullMethod);
  throw invalid("has none of fullMethod, event_type and function, so that nobody can say what it is");
}

function parse(json: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new ReceiverError("payload_invalid", "The payload is no JSON.", { cause: error });
  }
  if (!isFields(value)) throw invalid("is no JSON object");
  return value;
}

function readFunction(payload: Fields, id: string): FunctionCall {
  const { function: _, ...input } = payload;
  // What ZITADEL's functions are given is its own to check; an input is what the program made of it.
  return { kind: "function", name: id.replace(/^function\//, ""), input, payload };
}

function readMethodCall(payload: Fields, fullMethod: string): RequestCall | ResponseCall {
  const call = {
    fullMethod,
    instanceID: optionalText(payload, "instanceID"),
    orgID: optionalText(payload, "orgID"),
    projectID: optionalText(payload, "projectID"),
    userID: optionalText(payload, "userID"),
    headers: optionalHeaders(payload),
    request: object(payload, "request", {}),
    payload,
  };
  if (payload.error !== undefined) return { kind: "response", ...call, error: readError(object(payload, "error")) };
  if (payload.response !== undefined) return { kind: "response", ...call, response: object(payload, "response") };
  return { kind: "request", ...call };
}

function readError(error: Fields): ApiError {
  const details = error.details ?? [];
  if (!Array.isArray(details) || !details.every(isFields))
    throw invalid("has error.details that is no list of objects");
  return { code: text(error, "code", "error."), message: optionalText(error, "message", "error.") ?? "", details };
}

function readEvent(payload: Fields, eventType: string): EventCall {
  const { sequence } = payload;
  if (typeof sequence !== "number") throw invalid("has no number at sequence");
  return {
    kind: "event",
    aggregateID: text(payload, "aggregateID"),
    aggregateType: text(payload, "aggregateType"),
    resourceOwner: optionalText(payload, "resourceOwner"),
    instanceID: optionalText(payload, "instanceID"),
    version: optionalText(payload, "version"),
    sequence,
    event_type: eventType,
    created_at: text(payload, "created_at"),
    userID: optionalText(payload, "userID"),
    event_payload: readEventPayload(payload),
    payload,
  };
}

/** ZITADEL's first releases send the event's own payload as base64 of its JSON. */
function readEventPayload(payload: Fields): Fields {
  const { event_payload: own } = payload;
  if (typeof own !== "string") return object(payload, "event_payload", {});
  try {
    const bytes = Uint8Array.from(atob(own), (character) => character.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (isFields(value)) return value;
  } catch {
    // Said below.
  }
  throw invalid("has an event_payload that is neither an object nor the base64 of one");
}

function optionalHeaders(payload: Fields): MethodCall["headers"] {
  const { headers } = payload;
  if (headers === undefined) return undefined;
  if (!isFields(headers) || !Object.values(headers).every(isListOfTexts))
    throw invalid("has headers that are no lists");
  return headers as Record<string, readonly string[]>;
}

function object(fields: Fields, name: string, otherwise?: Fields): Fields {
  const value = fields[name] ?? otherwise;
  if (!isFields(value)) throw invalid(`has no object at ${name}`);
  return value;
}

function text(fields: Fields, name: string, prefix = ""): string {
  const value = fields[name];
  if (typeof value !== "string" || value === "") throw invalid(`has no text at ${prefix}${name}`);
  return value;
}

function optionalText(fields: Fields, name: string, prefix = ""): string | undefined {
  return fields[name] === undefined || fields[name] === "" ? undefined : text(fields, name, prefix);
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

/** Whether a value of JSON is an object. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(what: string): ReceiverError {
  return new ReceiverError("payload_invalid", `The payload ${what}.`);
}
