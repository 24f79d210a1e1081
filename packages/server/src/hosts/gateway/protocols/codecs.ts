import type { DescMessage, Registry } from "@bufbuild/protobuf";
import type { Message } from "@interpose/engine";
import { bytesOfMessage, jsonOfMessage, messageFromBytes, messageFromJson } from "../../encoded-message.ts";

/** A message in the form in which it goes on. */
export interface EncodedMessage {
  readonly bytes: Uint8Array;
  /** Path of the request, where it holds the message, or parts of it. */
  readonly path?: string | undefined;
}

/** How bytes become a message, and a message bytes. */
export interface MessageCodec {
  /** Codecs of one name write the same bytes: a message that nothing changed goes from one to the other as it came. */
  readonly name: string;
  /** Throws `bad_request` for bytes that are no such message. */
  decode(bytes: Uint8Array): Message;
  encode(message: Message): EncodedMessage;
}

/** A kind of codec that a content type can name. */
export type CodecName = "proto" | "json";

/** The codec of a type of messages. */
export function messageCodec(name: CodecName, schema: DescMessage, registry: Registry): MessageCodec {
  if (name === "proto") {
    return {
      name,
      decode: (bytes) => messageFromBytes(schema, bytes, registry),
      encode: (message) => ({ bytes: bytesOfMessage(schema, message) }),
    };
  }
  return {
    name,
    decode: (bytes) => messageFromJson(schema, bytes, registry),
    encode: (message) => ({ bytes: jsonOfMessage(schema, message, registry) }),
  };
}

/**
 * The codec that a content type names behind `family`: `application/grpc+json` is gRPC with JSON; with nothing behind it, protobuf is meant.
 * Undefined: another one, or another family.
 */
export function codecOfContentType(contentType: string | undefined, family: string): CodecName | undefined {
  const type = (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type === family || type === `${family}+proto`) return "proto";
  return type === `${family}+json` ? "json" : undefined;
}
