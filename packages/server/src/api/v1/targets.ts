import type { Dialect as EngineDialect } from "@interpose/engine";
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  Dialect,
  TargetService,
  type TargetSettingsSchema,
} from "@interpose/protocol/gen/interpose/v1/target_service_pb";
import { updateTarget } from "../../commands/update-target.ts";
import type { StoredTarget } from "../../store/records.ts";
import type { ApiContext } from "../context.ts";
import { existingTarget } from "../existing-target.ts";
import { apiService, type ApiService } from "../service.ts";

/** The service `interpose.v1.TargetService`. */
export function targetServiceV1(api: ApiContext): ApiService {
  return apiService(TargetService, {
    async getTargetSettings({ targetId }, call) {
      return { settings: settingsToProto(await existingTarget(api.database, call.instanceId, targetId)) };
    },
    async updateTargetSettings({ targetId, settings }, call) {
      await updateTarget(api.commandContext(call), targetId, {
        dialect: DIALECTS[settings?.dialect ?? Dialect.UNSPECIFIED],
      });
      return { settings: settingsToProto(await existingTarget(api.database, call.instanceId, targetId)) };
    },
  });
}

const DIALECTS: Readonly<Record<Dialect, EngineDialect | undefined>> = {
  [Dialect.UNSPECIFIED]: undefined,
  [Dialect.V3ALPHA]: "v3alpha",
  [Dialect.V2]: "v2",
};

function settingsToProto({ dialect }: StoredTarget): MessageInitShape<typeof TargetSettingsSchema> {
  return { dialect: dialect === "v2" ? Dialect.V2 : Dialect.V3ALPHA };
}
