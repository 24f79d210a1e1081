import { toJson, type DescField, type DescMessage, type Message, type Registry } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { InterposeError, isJsonObject, type JsonValue, type Spelling } from "@interpose/engine";
import { parseExact } from "../json/exact.ts";
import { keyOf, overlay, spellingOf } from "../json/overlay.ts";
import { decodeUtf8 } from "../json/parse.ts";
import type { RestBody } from "./http-body.ts";

/** A message as it came over REST: as it was read, and the body that it was read from. */
export interface OriginalBody {
  readonly message: Message;
  readonly body: Uint8Array;
}

/** JSON, as a body. */
export function jsonBody(json: JsonValue): RestBody {
  return { contentType: "application/json", bytes: new TextEncoder().encode(JSON.stringify(json)) };
}

/**
 * A body with the changes of a message written onto it. `bodies` answers the canonical JSON of what the body stands for, before and after, in a spelling.
 */
export function changedBody(
  type: DescMessage | DescField,
  bytes: Uint8Array,
  bodies: (spelling: Spelling) => readonly JsonValue[],
): JsonValue {
  const text = decodeUtf8(bytes);
  const given = text.trim() === "" ? {} : parseExact(text);
  const spelling = spellingOf(type, given);
  const [before = null, after = null] = bodies(spelling);
  return overlay(type, given, before, after, spelling);
}

/** A message's canonical JSON. Throws `not_over_rest`. */
export function jsonOf(
  schema: DescMessage,
  message: Message,
  registry: Registry | undefined,
  spelling: Spelling,
): JsonValue {
  try {
    return toJson(schema, message, {
      useProtoFieldName: spelling === "proto",
      ...(registry && { registry }),
    });
  } catch (error) {
    throw new InterposeError(
      "not_over_rest",
      `A ${schema.typeName} cannot be written as JSON: ${(error as Error).message.slice(0, 200)}.`,
      {
        cause: error,
      },
    );
  }
}

/** The JSON of one field. A field that is a body of its own has no place to be left out from: its zero value is written. */
export function fieldJson(json: JsonValue, message: Message, field: DescField, spelling: Spelling): JsonValue {
  const value = isJsonObject(json) ? json[keyOf(field, spelling)] : undefined;
  return value ?? zeroOf(reflect(field.parent, message), field);
}

function zeroOf(message: ReflectMessage, field: DescField): JsonValue {
  switch (field.fieldKind) {
    case "list":
      return [];
    case "map":
      return {};
    case "message":
      return field.message.typeName.startsWith("google.protobuf.") ? null : {};
    case "enum":
      return field.enum.values[0]?.name ?? 0;
    case "scalar": {
      const zero: unknown = message.get(field);
      return typeof zero === "bigint" ? zero.toString() : zero instanceof Uint8Array ? "" : (zero as JsonValue);
    }
  }
}
