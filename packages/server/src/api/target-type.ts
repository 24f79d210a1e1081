import type { Target, TargetType } from "@interpose/engine";
import type * as v2 from "@interpose/protocol/gen/zitadel/action/v2/target_pb";
import type * as v2beta from "@interpose/protocol/gen/zitadel/action/v2beta/target_pb";
import type * as v3alpha from "@interpose/protocol/gen/zitadel/action/v3alpha/target_pb";

/** The oneof that says how a target is called. It is the same in all messages that have it, and in all versions. */
export type ProtoTargetType = (v3alpha.Target | v2beta.Target | v2.Target)["targetType"];

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

/** How a target is called, as messages of every version are made of. */
export type TargetTypeInit =
  | { readonly case: "restWebhook" | "restCall"; readonly value: { readonly interruptOnError: boolean } }
  | { readonly case: "restAsync"; readonly value: object };

/** Writes how a target is called. */
export function callingToProto({ type, interruptOnError }: Pick<Target, "type" | "interruptOnError">): TargetTypeInit {
  switch (type) {
    case "webhook":
      return { case: "restWebhook", value: { interruptOnError } };
    case "call":
      return { case: "restCall", value: { interruptOnError } };
    case "async":
      return { case: "restAsync", value: {} };
  }
}
