import type { MethodDefinition } from "@grpc/grpc-js";
import type { DescMethod, Registry } from "@bufbuild/protobuf";
import type { Message } from "@interpose/engine";
import { bytesOfMessage, messageFromBytes } from "../../encoded-message.ts";

/** How the messages of one side of a method are written as bytes and read from them, by whatever code the service uses. */
export interface MessageCodec {
  /** A message of the service's own library as the engine sees it. */
  read(object: unknown): Message;
  /** A message that a run ended with, as an object of the service's own library. */
  write(message: Message): unknown;
}

/** Which objects a service works with is its library's matter: what all libraries share are the bytes. */
export function messageCodec(
  side: "request" | "response",
  { input, output }: DescMethod,
  definition: MethodDefinition<unknown, unknown>,
  registry: Registry,
): MessageCodec {
  const isRequest = side === "request";
  const schema = isRequest ? input : output;
  const serialize = isRequest ? definition.requestSerialize : definition.responseSerialize;
  const deserialize = isRequest ? definition.requestDeserialize : definition.responseDeserialize;
  return {
    read: (object) => messageFromBytes(schema, serialize(object), registry),
    write(message) {
      const { buffer, byteOffset, byteLength } = bytesOfMessage(schema, message);
      return deserialize(Buffer.from(buffer, byteOffset, byteLength));
    },
  };
}
