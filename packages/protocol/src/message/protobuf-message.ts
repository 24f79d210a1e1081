import {
  fromJson,
  toJson,
  type DescMessage,
  type JsonValue as ProtobufJson,
  type Message as ProtobufMessage,
  type Registry,
} from "@bufbuild/protobuf";
import { MessageMismatch, type JsonObject, type Message, type Spelling } from "@interpose/engine";
import { checkJson } from "../json/check-json.ts";
import { JsonFault } from "../json/json-fault.ts";
import { carryOver } from "./carry-over.ts";
import { hasRedacted, redacted } from "./redaction.ts";
import { shapeOf } from "./shape.ts";

const WRAPPED = new WeakMap<Message, ProtobufMessage>();

/**
 * A protobuf message as the engine sees it. Its JSON is made when it is first asked for, once in each spelling. Fields that are marked `debug_redact` are left out
 * of it; a reply neither sees nor changes them. The registry knows the types that `google.protobuf.Any` may hold.
 */
export function protobufMessage(schema: DescMessage, value: ProtobufMessage, registry?: Registry): Message {
  const options = registry ? { registry } : {};
  const made = new Map<Spelling, JsonObject>();
  const message: Message = {
    get shape() {
      return shapeOf(schema);
    },
    json(spelling) {
      const known = made.get(spelling);
      if (known) return known;
      const json = toJson(schema, value, { useProtoFieldName: spelling === "proto", ...options }) as JsonObject;
      const shown = redacted(schema, json, spelling);
      made.set(spelling, shown);
      return shown;
    },
    replacedBy(json, unknownKeys) {
      const visible = hasRedacted(schema) ? redacted(schema, redacted(schema, json, "proto"), "camel") : json;
      return protobufMessage(schema, replaced(visible, unknownKeys), registry);
    },
  };
  WRAPPED.set(message, value);
  return message;

  function replaced(json: JsonObject, unknownKeys: "ignore" | "refuse"): ProtobufMessage {
    try {
      checkJson(schema, json, "");
      const next = fromJson(schema, json as ProtobufJson, {
        ignoreUnknownFields: unknownKeys === "ignore",
        ...options,
      });
      carryOver(schema, value, next);
      return next;
    } catch (error) {
      throw new MessageMismatch(reasonOf(error), { cause: error });
    }
  }
}

/** What is wrong, without any value: a reply may hold what is not for a log. */
function reasonOf(error: unknown): string {
  if (error instanceof JsonFault) return `${error.path === "" ? "the reply" : error.path}: expected ${error.expected}`;
  const said = error instanceof Error ? error.message : "";
  const [, place] = /^cannot decode (?:field|message) (\S+)/.exec(said) ?? [];
  const [, unknown] = /key "([^"]{1,100})" is unknown/.exec(said) ?? [];
  if (unknown !== undefined) return `there is no field "${unknown}"`;
  return place === undefined ? "the reply does not fit the message" : `${place}: the reply does not fit`;
}

/** The protobuf message within a message of `protobufMessage`. */
export function unwrap(message: Message): ProtobufMessage {
  const value = WRAPPED.get(message);
  if (!value) throw new Error("the message is not one of protobufMessage's");
  return value;
}
