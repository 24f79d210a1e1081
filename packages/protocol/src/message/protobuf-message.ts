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
import { REDACTED_FIELDS, type HiddenFields } from "./hidden-fields.ts";
import { recordableJson } from "./recordable.ts";
import { shapeOf } from "./shape.ts";
import { shownJson } from "./shown-json.ts";

/** What a message of ours is made of. */
interface Source {
  readonly schema: DescMessage;
  readonly value: ProtobufMessage;
  readonly registry: Registry | undefined;
  readonly hiddenFields: HiddenFields;
}

/** Where a message of ours keeps what it is made of. Not a WeakMap: entries of one outlive the collections of young objects, and so each message would grow old. */
const SOURCE = Symbol("source");

interface SourcedMessage extends Message {
  readonly [SOURCE]: Source;
}

function sourceIn(message: Message): Source | undefined {
  return (message as Partial<SourcedMessage>)[SOURCE];
}

/**
 * A protobuf message as the engine sees it. Its JSON is made when it is first asked for, once in each spelling. Fields that are marked `debug_redact` are left out
 * of it; a reply neither sees nor changes them. The registry knows the types that `google.protobuf.Any` may hold.
 */
export function protobufMessage(schema: DescMessage, value: ProtobufMessage, registry?: Registry): Message {
  return messageFrom({ schema, value, registry, hiddenFields: REDACTED_FIELDS });
}

/**
 * A message of `protobufMessage` of which more fields are hidden than those that are marked; those that others hid before are not. Where there is no difference for its type, it is the message itself.
 */
export function withHiddenFields(message: Message, hiddenFields: HiddenFields = REDACTED_FIELDS): Message {
  const source = hiddenFields === REDACTED_FIELDS ? sourceIn(message) : sourceOf(message);
  // A message of another kind hides what it hides.
  if (!source || source.hiddenFields === hiddenFields) return message;
  const isSame = hiddenFields.in(source.schema) === undefined && source.hiddenFields.in(source.schema) === undefined;
  return isSame ? message : messageFrom({ ...source, hiddenFields });
}

function messageFrom(source: Source): Message {
  const { schema, value, registry, hiddenFields } = source;
  const options = registry ? { registry } : {};
  const made = new Map<Spelling, JsonObject>();
  return {
    [SOURCE]: source,
    shape: shapeOf(schema),
    json(spelling) {
      const known = made.get(spelling);
      if (known) return known;
      const json = toJson(schema, value, { useProtoFieldName: spelling === "proto", ...options }) as JsonObject;
      const hidden = hiddenFields.in(schema);
      const shown = hidden ? (shownJson(hidden, json, { registry, of: "payload" }) as JsonObject) : json;
      made.set(spelling, shown);
      return shown;
    },
    replacedBy: (json, unknownKeys) => messageFrom({ ...source, value: replaced(json, unknownKeys) }),
    recordable(reply) {
      const hidden = hiddenFields.in(schema);
      if (!hidden) return reply;
      return recordableJson(reply, (json) => shownJson(hidden, json, { registry, of: "record" }));
    },
  } satisfies SourcedMessage as SourcedMessage;

  function replaced(json: JsonObject, unknownKeys: "ignore" | "refuse"): ProtobufMessage {
    const hidden = hiddenFields.in(schema);
    try {
      const given = hidden ? shownJson(hidden, json, { registry, of: "reply" }) : json;
      checkJson(schema, given, "");
      const next = fromJson(schema, given as ProtobufJson, {
        ignoreUnknownFields: unknownKeys === "ignore",
        ...options,
      });
      return carryOver(hidden, value, next, { schema, registry });
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
  return sourceOf(message).value;
}

function sourceOf(message: Message): Source {
  const source = sourceIn(message);
  if (!source) throw new Error("the message is not one of protobufMessage's");
  return source;
}
