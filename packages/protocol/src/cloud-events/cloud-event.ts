import type { JsonObject } from "@bufbuild/protobuf";
import { InterposeError, isJsonObject, type JsonValue } from "@interpose/engine";
import { decodeJson } from "../rest/index.ts";

/** What is read of a CloudEvent 1.0 (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md). Its other attributes have no meaning here. */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string | undefined;
  /** The extension `aggregatetype`. */
  readonly aggregateType: string | undefined;
  readonly data: JsonObject;
}

/** Answers an attribute by its name, as it was given, and undefined for one that was not. `null` counts as not given. */
export type Attributes = (name: string) => JsonValue | undefined;

/** How a fault names an attribute, such as `events[3].subject` or `ce-subject`. */
export type NameOf = (attribute: string) => string;

/** The event of some attributes, and its data. Throws `bad_request`, naming the attribute that is missing or wrong. */
export function cloudEventFrom(attributes: Attributes, data: JsonObject, nameOf: NameOf): CloudEvent {
  const text = (name: string): string | undefined => {
    const value = attributes(name);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "string") throw fault(nameOf(name), "must be a text.");
    if (value === "") throw fault(nameOf(name), "is empty. Give it a text, or leave it away if it is optional.");
    return value;
  };
  const required = (name: string): string => {
    const value = text(name);
    if (value === undefined)
      throw fault(nameOf(name), "is missing. A CloudEvent needs specversion, id, source and type.");
    return value;
  };
  const version = required("specversion");
  if (version !== "1.0")
    throw fault(nameOf("specversion"), `is "${version.slice(0, 20)}". CloudEvents of version 1.0 are understood.`);
  const source = required("source");
  // A URI-reference has none, and what is made of source and id must not be ambiguous.
  if (/[\s\u0000-\u001f\u007f]/.test(source))
    throw fault(nameOf("source"), "has white space in it. It is a URI-reference: percent-encode it.");
  return {
    id: required("id"),
    source,
    type: required("type"),
    subject: text("subject"),
    aggregateType: text("aggregatetype"),
    data,
  };
}

/** Data that is a JSON object in bytes. Nothing at all is an empty one. */
export function dataFromBytes(bytes: Uint8Array, contentType: string | undefined, name: string): JsonObject {
  if (bytes.byteLength === 0) return {};
  refuseOtherType(contentType, name);
  return dataFromJson(decodeJson(bytes), name);
}

/** Data that is a JSON object. */
export function dataFromJson(value: JsonValue, name: string): JsonObject {
  if (isJsonObject(value)) return value as JsonObject;
  throw fault(name, "must be a JSON object: it is what targets are told of the event.");
}

/** Refuses data that is said to be of another type than JSON. Without a type it is JSON. */
export function refuseOtherType(contentType: string | undefined, name: string): void {
  if (contentType === undefined || isJsonType(mediaTypeOf(contentType))) return;
  throw new InterposeError(
    "media_type_unknown",
    `${name} is of the type "${contentType.slice(0, 100)}". Send JSON, with the type application/json or another that ends in +json.`,
  );
}

/** A media type in lower case, without its parameters. */
export function mediaTypeOf(contentType: string): string {
  return contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

function isJsonType(type: string): boolean {
  return /^[^/]+\/([^/]+\+)?json$/.test(type);
}

/** The refusal of something that is no CloudEvent. */
export function fault(name: string, description: string): InterposeError {
  return new InterposeError("bad_request", `${name} ${description}`, { violations: [{ field: name, description }] });
}
