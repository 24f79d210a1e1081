import { InterposeError, isJsonObject, type JsonValue } from "@interpose/engine";
import { decodeJson } from "../rest/index.ts";
import {
  cloudEventFrom,
  dataFromBytes,
  dataFromJson,
  fault,
  mediaTypeOf,
  refuseOtherType,
  type CloudEvent,
} from "./cloud-event.ts";
import { attributeFromHeader } from "./header-value.ts";

/** An HTTP request that brings CloudEvents. */
export interface CloudEventsRequest {
  /** A header, by its name in lower case. */
  readonly header: (name: string) => string | undefined;
  readonly body: Uint8Array;
}

/** The events of a request. */
export interface ReadCloudEvents {
  readonly events: readonly CloudEvent[];
  /** Whether they came as a batch, of however many. */
  readonly isBatch: boolean;
}

/**
 * Reads the CloudEvents of an HTTP request, in each mode of the binding (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md, section 3):
 * `application/cloudevents-batch+json` is a batch, `application/cloudevents+json` one event as JSON, and anything else the data of an event whose attributes are headers.
 * Throws `bad_request` and `media_type_unknown`.
 */
export function readCloudEvents({ header, body }: CloudEventsRequest): ReadCloudEvents {
  const contentType = header("content-type");
  const type = mediaTypeOf(contentType ?? "");
  if (type.startsWith("application/cloudevents-batch")) {
    refuseOtherFormat(type, "application/cloudevents-batch+json");
    const events = decodeJson(body);
    if (!Array.isArray(events)) throw fault("The body", "must be a list of events, as its type says.");
    const read = (events as readonly JsonValue[]).map((event, i) => eventFromJson(event, `events[${i}]`));
    return { events: read, isBatch: true };
  }
  if (type.startsWith("application/cloudevents")) {
    refuseOtherFormat(type, "application/cloudevents+json");
    return { events: [eventFromJson(decodeJson(body), "")], isBatch: false };
  }
  if (header("ce-specversion") === undefined) {
    throw fault(
      "ce-specversion",
      "is missing. A CloudEvent has its attributes in headers (ce-specversion, ce-id, ce-source, ce-type), or in a body of the type application/cloudevents+json or application/cloudevents-batch+json. Other JSON goes to /v1/events:publish.",
    );
  }
  const attributes = (name: string): string | undefined => {
    const value = header(`ce-${name}`);
    return value === undefined ? undefined : attributeFromHeader(value, `ce-${name}`);
  };
  const data = dataFromBytes(body, contentType, "The data");
  return { events: [cloudEventFrom(attributes, data, (name) => `ce-${name}`)], isBatch: false };
}

function refuseOtherFormat(type: string, known: string): void {
  if (type === known) return;
  throw new InterposeError(
    "media_type_unknown",
    `CloudEvents in "${type.slice(0, 100)}" are not read here. Use ${known}.`,
  );
}

/** An event in the JSON format (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md). */
function eventFromJson(event: JsonValue, path: string): CloudEvent {
  const nameOf = (name: string): string => (path === "" ? name : `${path}.${name}`);
  if (!isJsonObject(event)) throw fault(path === "" ? "The body" : path, "must be a JSON object, which is an event.");
  const attributes = (name: string): JsonValue | undefined => (Object.hasOwn(event, name) ? event[name] : undefined);
  const type = attributes("datacontenttype") ?? undefined;
  if (type !== undefined && typeof type !== "string") throw fault(nameOf("datacontenttype"), "must be a text.");
  const [data, base64] = [attributes("data") ?? undefined, attributes("data_base64") ?? undefined];
  if (data !== undefined && base64 !== undefined)
    throw fault(nameOf("data"), "is given twice, as data and as data_base64. Give one of them.");
  const payload = (): CloudEvent["data"] => {
    if (base64 !== undefined)
      return dataFromBytes(bytesFrom(base64, nameOf("data_base64")), type, nameOf("data_base64"));
    if (data === undefined) return {};
    refuseOtherType(type, nameOf("data"));
    return dataFromJson(data, nameOf("data"));
  };
  return cloudEventFrom(attributes, payload(), nameOf);
}

function bytesFrom(base64: JsonValue, name: string): Uint8Array {
  if (typeof base64 !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0)
    throw fault(name, "must be a text in base64.");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
