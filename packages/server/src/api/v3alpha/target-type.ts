import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Target, TargetType } from "@interpose/engine";
import type {
  SetRESTAsync,
  SetRESTCall,
  SetRESTWebhook,
  TargetSchema,
} from "@interpose/protocol/gen/zitadel/action/v3alpha/target_pb";

/** The oneof that says how a target is called. It is the same in all messages that have it. */
export type ProtoTargetType =
  | { readonly case: "restWebhook"; readonly value: SetRESTWebhook }
  | { readonly case: "restCall"; readonly value: SetRESTCall }
  | { readonly case: "restAsync"; readonly value: SetRESTAsync }
  | { readonly case: undefined; readonly value?: undefined };

/** How a target is called; undefined when the message does not say. */
export function callingFromProto(
  type: ProtoTargetType,
): { readonly type: TargetType; readonly interruptOnError: boolean } | undefined {
  switch (type.case) {
    case "restWebhook":
      return { type: "webhook", interruptOnError: type.value.interruptOnError };
    case "restCall":
      return { type: "call", interruptOnError: type.value.interruptOnError };
    case "restAsync":
      return { type: "async", interruptOnError: false };
    case undefined:
      return undefined;
  }
}

/** Writes how a target is called. */
export function callingToProto({
  type,
  interruptOnError,
}: Pick<Target, "type" | "interruptOnError">): NonNullable<MessageInitShape<typeof TargetSchema>["targetType"]> {
  switch (type) {
    case "webhook":
      return { case: "restWebhook", value: { interruptOnError } };
    case "call":
      return { case: "restCall", value: { interruptOnError } };
    case "async":
      return { case: "restAsync", value: {} };
  }
}
