import { create, fromJson, type JsonValue as ProtobufJson, type Message, type Registry } from "@bufbuild/protobuf";
import { InterposeError, type JsonValue, type Spelling } from "@interpose/engine";
import { JsonFault } from "../json/json-fault.ts";
import { decodeUtf8, parseJson } from "../json/parse.ts";
import type { Route } from "./bindings.ts";
import { bodyOfHttpBody, httpBodyFrom, isHttpBody, setHttpBody, typeOfBody, type RestBody } from "./http-body.ts";
import { changedBody, fieldJson, jsonBody, jsonOf, type OriginalBody } from "./json-body.ts";

/** What writing a response depends on. */
export interface EncodeResponseOptions {
  /** Types that `google.protobuf.Any` may hold. */
  readonly registry?: Registry | undefined;
  /** What the response was before it was changed. Only what changed is written anew: what we know nothing of, and how numbers and enums are spelled, stays. */
  readonly original?: OriginalBody | undefined;
}

/**
 * The body of a success: canonical protobuf JSON in lowerCamelCase, without zero values; with `response_body`, that field alone; for `google.api.HttpBody`,
 * its bytes. Throws `not_over_rest` for a message that JSON cannot say.
 */
export function encodeResponse(
  { method, responseField }: Route,
  message: Message,
  { registry, original }: EncodeResponseOptions = {},
): RestBody {
  const rawType = typeOfBody(method.output, responseField);
  if (isHttpBody(rawType)) return bodyOfHttpBody(message, responseField);
  const bodyJson = (each: Message, spelling: Spelling): JsonValue => {
    const json = jsonOf(method.output, each, registry, spelling);
    return responseField ? fieldJson(json, each, responseField, spelling) : json;
  };
  return jsonBody(
    original
      ? changedBody(responseField ?? method.output, original.body, (spelling) =>
          [original.message, message].map((each) => bodyJson(each, spelling)),
        )
      : bodyJson(message, "camel"),
  );
}

/**
 * The message of a success, given its body: what `encodeResponse()` wrote, or another server that speaks `google.api.http`. Fields that we know nothing of are
 * left out. Throws `upstream_malformed` for what is no such message.
 */
export function decodeResponse({ method, responseField }: Route, body: RestBody, registry?: Registry): Message {
  const { output } = method;
  const rawType = typeOfBody(output, responseField);
  try {
    if (isHttpBody(rawType)) {
      if (!responseField) return httpBodyFrom(rawType, body);
      const message = create(output);
      setHttpBody(message, responseField, body);
      return message;
    }
    const text = decodeUtf8(body.bytes);
    // An answer without content, such as one of 204, is an empty message.
    const json = text.trim() === "" ? {} : parseJson(text);
    const whole = responseField ? { [responseField.jsonName]: text.trim() === "" ? null : json } : json;
    return fromJson(output, whole as ProtobufJson, { ignoreUnknownFields: true, ...(registry && { registry }) });
  } catch (error) {
    const said =
      error instanceof JsonFault || error instanceof InterposeError ? error.message : (error as Error).message;
    throw new InterposeError(
      "upstream_malformed",
      `The API's answer is no ${output.typeName} in JSON: ${said.slice(0, 200).replace(/\.$/, "")}.`,
      { cause: error },
    );
  }
}
