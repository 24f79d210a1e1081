export { createInterpose } from "./interpose.ts";
export type { Interpose, InterposeOptions, InvokeOptions, ListenOptions } from "./interpose.ts";
export type { NewEvent } from "./events/new-event.ts";
export type {
  PublishedEvent,
  PublishInTransaction,
  PublishOptions,
  SqlTransaction,
} from "./events/publish-in-transaction.ts";
export { InterposeError } from "@interpose/engine";
export type { ErrorReason, JsonObject, JsonValue } from "@interpose/engine";
