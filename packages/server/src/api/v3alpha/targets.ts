import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ActionService } from "@interpose/protocol/gen/zitadel/action/v3alpha/action_service_pb";
import { TargetFieldName, type TargetSearchQuery } from "@interpose/protocol/gen/zitadel/action/v3alpha/query_pb";
import type { TargetSchema } from "@interpose/protocol/gen/zitadel/action/v3alpha/target_pb";
import { createTarget } from "../../commands/create-target.ts";
import { deleteTarget } from "../../commands/delete-target.ts";
import { updateTarget } from "../../commands/update-target.ts";
import type { StoredTarget } from "../../store/records.ts";
import { readRevision } from "../../store/sql/read-revision.ts";
import { searchTargets, type TargetFilter, type TargetSortColumn } from "../../store/sql/search-targets.ts";
import type { ApiContext } from "../context.ts";
import { durationFromMs, msFromDuration } from "../duration.ts";
import { existingTarget } from "../existing-target.ts";
import type { Handlers } from "../service.ts";
import { callingFromProto, callingToProto } from "../target-type.ts";
import { textMethodFromProto } from "../text-method.ts";
import { detailsToProto, listDetailsToProto } from "./details.ts";

type TargetHandlers = Pick<
  Handlers<typeof ActionService>,
  "createTarget" | "updateTarget" | "deleteTarget" | "listTargets" | "getTargetByID"
>;

/** The RPCs that manage targets. */
export function targetHandlers(api: ApiContext): TargetHandlers {
  return {
    async createTarget(request, call) {
      const calling = callingFromProto(request.targetType);
      if (!calling || !request.timeout) throw new Error("validation lets no target without type or timeout pass");
      const { id, details } = await createTarget(api.commandContext(call), {
        name: request.name,
        endpoint: request.endpoint,
        timeoutMs: msFromDuration(request.timeout),
        dialect: "v3alpha",
        ...calling,
      });
      return { id, details: detailsToProto(details) };
    },

    async updateTarget(request, call) {
      const { details } = await updateTarget(api.commandContext(call), request.targetId, {
        name: request.name,
        calling: callingFromProto(request.targetType),
        endpoint: request.endpoint,
        timeoutMs: request.timeout && msFromDuration(request.timeout),
      });
      return { details: detailsToProto(details) };
    },

    async deleteTarget({ targetId }, call) {
      return { details: detailsToProto(await deleteTarget(api.commandContext(call), targetId)) };
    },

    async listTargets({ query, queries, sortingColumn }, call) {
      const { found, revision } = await api.database.snapshotRead(async (tx) => ({
        found: await searchTargets(tx, call.instanceId, {
          filters: queries.map(filterFromProto),
          sortBy: SORT_COLUMNS[sortingColumn],
          ascending: query?.asc ?? false,
          offset: query?.offset ?? 0n,
          limit: query?.limit ?? 0,
        }),
        revision: await readRevision(tx, call.instanceId),
      }));
      return { details: listDetailsToProto(found.total, revision), result: found.targets.map(targetToProto) };
    },

    async getTargetByID({ targetId }, call) {
      return { target: targetToProto(await existingTarget(api.database, call.instanceId, targetId)) };
    },
  };
}

function targetToProto(target: StoredTarget): MessageInitShape<typeof TargetSchema> {
  return {
    targetId: target.id,
    details: detailsToProto(target.details),
    name: target.name,
    targetType: callingToProto(target),
    timeout: durationFromMs(target.timeoutMs),
    endpoint: target.endpoint,
  };
}

function filterFromProto({ query }: TargetSearchQuery): TargetFilter {
  switch (query.case) {
    case "targetNameQuery":
      return { kind: "name", text: query.value.targetName, ...textMethodFromProto(query.value.method) };
    case "inTargetIdsQuery":
      return { kind: "ids", ids: query.value.targetIds };
    case undefined:
      throw new Error("validation lets no empty query pass");
  }
}

const SORT_COLUMNS: Readonly<Record<TargetFieldName, TargetSortColumn>> = {
  [TargetFieldName.FIELD_NAME_UNSPECIFIED]: "id",
  [TargetFieldName.FIELD_NAME_ID]: "id",
  [TargetFieldName.FIELD_NAME_CREATION_DATE]: "creationDate",
  [TargetFieldName.FIELD_NAME_CHANGE_DATE]: "changeDate",
  [TargetFieldName.FIELD_NAME_NAME]: "name",
  [TargetFieldName.FIELD_NAME_TARGET_TYPE]: "type",
  [TargetFieldName.FIELD_NAME_URL]: "url",
  [TargetFieldName.FIELD_NAME_TIMEOUT]: "timeout",
  [TargetFieldName.FIELD_NAME_ASYNC]: "id",
  [TargetFieldName.FIELD_NAME_INTERRUPT_ON_ERROR]: "interruptOnError",
};
