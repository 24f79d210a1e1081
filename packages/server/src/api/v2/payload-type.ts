import type { PayloadType } from "@interpose/engine";
import type * as v2 from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import type * as v2beta from "@interpose/protocol/gen/zitadel/action/v2beta/action_service_pb";
import { PayloadType as ProtoPayloadType } from "@interpose/protocol/gen/zitadel/action/v2/target_pb";

type TargetRequest =
  v2beta.CreateTargetRequest | v2beta.UpdateTargetRequest | v2.CreateTargetRequest | v2.UpdateTargetRequest;

const PAYLOAD_TYPES: Readonly<Record<ProtoPayloadType, PayloadType | undefined>> = {
  [ProtoPayloadType.UNSPECIFIED]: undefined,
  [ProtoPayloadType.JSON]: "json",
  [ProtoPayloadType.JWT]: "jwt",
  [ProtoPayloadType.JWE]: "jwe",
};

/** How a request wants payloads to be written; undefined where it does not say, which v2beta cannot. */
export function payloadTypeFromProto(request: TargetRequest): PayloadType | undefined {
  return "payloadType" in request ? PAYLOAD_TYPES[request.payloadType] : undefined;
}

/** Writes how payloads are written. */
export function payloadTypeToProto(type: PayloadType = "json"): ProtoPayloadType {
  return { json: ProtoPayloadType.JSON, jwt: ProtoPayloadType.JWT, jwe: ProtoPayloadType.JWE }[type];
}
