import type { FieldMask } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { InterposeError, type Dialect as EngineDialect, type ReplyMode as EngineReplyMode } from "@interpose/engine";
import {
  Dialect,
  ReplyMode,
  TargetService,
  type TargetSettings,
  type TargetSettingsSchema,
} from "@interpose/protocol/gen/interpose/v1/target_service_pb";
import { pauseTarget, resumeTarget } from "../../commands/pause-target.ts";
import { rotateSigningKey } from "../../commands/signing-keys.ts";
import { openedOutbound, updateTargetOutbound } from "../../commands/update-outbound.ts";
import { updateTarget, type TargetChanges } from "../../commands/update-target.ts";
import { openTargetOutbound } from "../../keys/outbound.ts";
import { targetOutboundPlace } from "../../keys/places.ts";
import type { StoredTarget } from "../../store/records.ts";
import { listSigningKeys } from "../../store/sql/list-signing-keys.ts";
import { selectTargetOutbound } from "../../store/sql/select-target-outbound.ts";
import type { ApiContext } from "../context.ts";
import { existingTarget } from "../existing-target.ts";
import { apiService, type ApiService } from "../service.ts";
import { DELIVERY_PATHS, deliveryChangesFromProto, deliveryToProto } from "./delivery-settings.ts";
import { targetChangesFromProto, targetOutboundToProto } from "./outbound.ts";
import { rotatedKeyToProto, rotationFromProto, signingKeyToProto } from "./signing-keys.ts";
import { targetQueue } from "./target-queue.ts";

/** The service `interpose.v1.TargetService`. */
export function targetServiceV1(api: ApiContext): ApiService {
  return apiService(TargetService, {
    async getTargetSettings({ targetId }, call) {
      return { settings: settingsToProto(await existingTarget(api.database, call.instanceId, targetId)) };
    },
    async updateTargetSettings({ targetId, settings, updateMask }, call) {
      await updateTarget(api.commandContext(call), targetId, changesFromProto(settings, updateMask));
      return { settings: settingsToProto(await existingTarget(api.database, call.instanceId, targetId)) };
    },
    async getTargetOutbound({ targetId }, { instanceId }) {
      await existingTarget(api.database, instanceId, targetId);
      const sealed = await selectTargetOutbound(api.database, instanceId, targetId);
      const place = targetOutboundPlace(instanceId, targetId);
      return { outbound: targetOutboundToProto(openedOutbound(() => openTargetOutbound(api.vault, place, sealed))) };
    },
    async updateTargetOutbound({ targetId, outbound, updateMask }, call) {
      const changes = targetChangesFromProto(outbound, updateMask);
      return {
        outbound: targetOutboundToProto(await updateTargetOutbound(api.commandContext(call), targetId, changes)),
      };
    },
    async rotateSigningKey({ targetId, ...request }, call) {
      return rotatedKeyToProto(await rotateSigningKey(api.commandContext(call), targetId, rotationFromProto(request)));
    },
    async listSigningKeys({ targetId }, call) {
      await existingTarget(api.database, call.instanceId, targetId);
      return { keys: (await listSigningKeys(api.database, call.instanceId, targetId)).map(signingKeyToProto) };
    },
    async pauseTarget({ targetId, reason }, call) {
      await pauseTarget(api.commandContext(call), targetId, reason);
      return { queue: await targetQueue(api.database, call.instanceId, targetId) };
    },
    async resumeTarget({ targetId, reason }, call) {
      await resumeTarget(api.commandContext(call), targetId, reason);
      return { queue: await targetQueue(api.database, call.instanceId, targetId) };
    },
    async getTargetQueue({ targetId }, call) {
      return { queue: await targetQueue(api.database, call.instanceId, targetId) };
    },
  });
}

const DIALECTS: Readonly<Record<Dialect, EngineDialect | undefined>> = {
  [Dialect.UNSPECIFIED]: undefined,
  [Dialect.V3ALPHA]: "v3alpha",
  [Dialect.V2]: "v2",
};

/** Null: as the dialect has it. */
const REPLY_MODES: Readonly<Record<ReplyMode, EngineReplyMode | null | undefined>> = {
  [ReplyMode.UNSPECIFIED]: undefined,
  [ReplyMode.DIALECT]: null,
  [ReplyMode.PATCH]: "patch",
};

const PATHS: readonly string[] = [
  "*",
  "dialect",
  "reply_mode",
  "delivery",
  ...Object.keys(DELIVERY_PATHS),
  "egress_allow",
];

/** What of the settings changes: what the mask names or, without one, what is given. https://google.aip.dev/134 */
function changesFromProto(settings: TargetSettings | undefined, mask: FieldMask | undefined): TargetChanges {
  const dialect = DIALECTS[settings?.dialect ?? Dialect.UNSPECIFIED];
  const replyMode = REPLY_MODES[settings?.replyMode ?? ReplyMode.UNSPECIFIED];
  const egressAllow = settings?.egressAllow ?? [];
  if (!mask) {
    return {
      dialect,
      replyMode,
      delivery: deliveryChangesFromProto(settings?.delivery, undefined),
      // An empty list looks like none that is given.
      egressAllow: egressAllow.length > 0 ? egressAllow : undefined,
    };
  }
  const unknown = mask.paths.find((path) => !PATHS.includes(path));
  if (unknown !== undefined) {
    const description = `there is no setting "${unknown.slice(0, 100)}". Name ${PATHS.slice(1).join(", ")}, or * for all.`;
    throw new InterposeError("bad_request", `update_mask: ${description}`, {
      violations: [{ field: "update_mask", description }],
    });
  }
  const names = (path: string): boolean => mask.paths.includes(path) || mask.paths.includes("*");
  return {
    // There is no dialect that a target has by default: one that is named and not given stays.
    dialect: names("dialect") ? dialect : undefined,
    replyMode: names("reply_mode") ? (replyMode ?? null) : undefined,
    delivery: deliveryChangesFromProto(settings?.delivery, (path) => names(path) || names("delivery")),
    egressAllow: names("egress_allow") ? egressAllow : undefined,
  };
}

function settingsToProto({
  dialect,
  replyMode,
  delivery,
  egressAllow = [],
}: StoredTarget): MessageInitShape<typeof TargetSettingsSchema> {
  return {
    dialect: dialect === "v2" ? Dialect.V2 : Dialect.V3ALPHA,
    replyMode: replyMode === "patch" ? ReplyMode.PATCH : ReplyMode.DIALECT,
    delivery: deliveryToProto(delivery),
    egressAllow: [...egressAllow],
  };
}
