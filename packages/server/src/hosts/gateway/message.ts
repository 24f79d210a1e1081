import { fromBinary, toBinary, type DescMessage, type Registry } from "@bufbuild/protobuf";
import { InterposeError, type Message } from "@interpose/engine";
import { protobufMessage, unwrap } from "@interpose/protocol";

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

/** The bytes of a message that a run ended with. */
export function bytesOfMessage(schema: DescMessage, message: Message): Uint8Array {
  return toBinary(schema, unwrap(message));
}
