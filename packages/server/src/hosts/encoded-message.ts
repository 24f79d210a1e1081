import { fromBinary, toBinary, toJsonString, type DescMessage, type Registry } from "@bufbuild/protobuf";
import { InterposeError, type Message } from "@interpose/engine";
import { decodeJsonMessage, protobufMessage, unwrap } from "@interpose/protocol";

/** A message of an upstream's API as the engine sees it. Throws `bad_request` for bytes that are none of the type's. */
export function messageFromBytes(schema: DescMessage, bytes: Uint8Array, registry: Registry): Message {
  try {
    return protobufMessage(schema, fromBinary(schema, bytes), registry);
  } catch (error) {
    // Among what is thrown is the end of the stack, for a message that is nested without end.
    throw new InterposeError("bad_request", `A message is no ${schema.typeName}, or one of another version of it.`, {
      cause: error,
    });
  }
}

/** The same of its JSON. Throws `bad_request`, naming the field. */
export function messageFromJson(schema: DescMessage, json: Uint8Array, registry: Registry): Message {
  return protobufMessage(schema, decodeJsonMessage(schema, json, registry), registry);
}

/** The bytes of a message that a run ended with. */
export function bytesOfMessage(schema: DescMessage, message: Message): Uint8Array {
  return toBinary(schema, unwrap(message));
}

/** The same in canonical JSON. https://protobuf.dev/programming-guides/json/ */
export function jsonOfMessage(schema: DescMessage, message: Message, registry: Registry): Uint8Array {
  return Buffer.from(toJsonString(schema, unwrap(message), { registry }));
}
