import { create, type DescMessage, type Message, type Registry } from "@bufbuild/protobuf";
import type { Message as EngineMessage } from "@interpose/engine";
import { protobufMessage, unwrap } from "@interpose/protocol";

/** A message of a connect service as the engine sees it. */
export function hookedMessage(schema: DescMessage, message: Message, registry: Registry): EngineMessage {
  return protobufMessage(schema, message, registry);
}

/** An empty message. */
export function emptyMessage(schema: DescMessage, registry: Registry): EngineMessage {
  return protobufMessage(schema, create(schema), registry);
}

/** The protobuf message that a run ended with: the very one that went in, where nothing changed it. */
export function protobufOf(message: EngineMessage): Message {
  return unwrap(message);
}
