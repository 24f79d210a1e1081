import type { Condition } from "@interpose/engine";
import * as v2 from "@interpose/protocol/gen/zitadel/action/v2/query_pb";
import type * as v2beta from "@interpose/protocol/gen/zitadel/action/v2beta/query_pb";
import type * as v3alpha from "@interpose/protocol/gen/zitadel/action/v3alpha/query_pb";

/** The kind of conditions that a filter asks for; undefined for any. The numbers mean the same in every version of the API. */
export function kindFromProto(
  type: v3alpha.ExecutionType | v2beta.ExecutionType | v2.ExecutionType,
): Condition["kind"] | undefined {
  return KINDS[type];
}

const KINDS: Readonly<Record<v2.ExecutionType, Condition["kind"] | undefined>> = {
  [v2.ExecutionType.UNSPECIFIED]: undefined,
  [v2.ExecutionType.REQUEST]: "request",
  [v2.ExecutionType.RESPONSE]: "response",
  [v2.ExecutionType.EVENT]: "event",
  [v2.ExecutionType.FUNCTION]: "function",
};
