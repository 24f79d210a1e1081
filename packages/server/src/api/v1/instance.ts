import { InstanceService } from "@interpose/protocol/gen/interpose/v1/instance_service_pb";
import { openedOutbound, updateInstanceOutbound } from "../../commands/update-outbound.ts";
import { openInstanceOutbound } from "../../keys/outbound.ts";
import { instanceOutboundPlace } from "../../keys/places.ts";
import { selectInstanceOutbound } from "../../store/sql/select-instance-outbound.ts";
import type { ApiContext } from "../context.ts";
import { apiService, type ApiService } from "../service.ts";
import { settingsToProto, type ServerFacts } from "./settings.ts";
import { instanceChangesFromProto, instanceOutboundToProto } from "./outbound.ts";

/** The service `interpose.v1.InstanceService`. */
export function instanceServiceV1(api: ApiContext, facts: ServerFacts): ApiService {
  return apiService(InstanceService, {
    getSettings: () => settingsToProto(facts),

    async getInstanceOutbound(_request, { instanceId }) {
      const sealed = await selectInstanceOutbound(api.database, instanceId);
      const opened = openedOutbound(() => openInstanceOutbound(api.vault, instanceOutboundPlace(instanceId), sealed));
      return { outbound: instanceOutboundToProto(opened) };
    },
    async updateInstanceOutbound({ outbound, updateMask }, call) {
      const changes = instanceChangesFromProto(outbound, updateMask);
      return { outbound: instanceOutboundToProto(await updateInstanceOutbound(api.commandContext(call), changes)) };
    },
  });
}
