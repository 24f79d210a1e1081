import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { Message as EngineMessage } from "@interpose/engine";
import { protobufMessage, unwrap } from "@interpose/protocol";

/** A message of the own API as the engine sees it. */
export function hookedMessage(schema: DescMessage, message: Message): EngineMessage {
  return protobufMessage(schema, message);
}

/** The protobuf message that a run ended with. */
export function protobufOf(message: EngineMessage): Message {
  return unwrap(message);
}
