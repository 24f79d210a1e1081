import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import * as v2 from "@interpose/protocol/gen/zitadel/action/v2/query_pb";
import type * as v2beta from "@interpose/protocol/gen/zitadel/action/v2beta/query_pb";
import { createTarget } from "../../commands/create-target.ts";
import { deleteTarget } from "../../commands/delete-target.ts";
import { updateTarget } from "../../commands/update-target.ts";
import type { StoredTarget } from "../../store/records.ts";
import { searchTargets, type TargetFilter, type TargetSortColumn } from "../../store/sql/search-targets.ts";
import type { ApiContext } from "../context.ts";
import { durationFromMs, msFromDuration } from "../duration.ts";
import { existingTarget } from "../existing-target.ts";
import { readableSigningKeys } from "../readable-signing-keys.ts";
import { callingFromProto, callingToProto } from "../target-type.ts";
import { textMethodFromProto } from "../text-method.ts";
import { pageFromProto, pageToProto } from "./page.ts";
import { payloadTypeFromProto, payloadTypeToProto } from "./payload-type.ts";
import type { SharedHandlers } from "./shared-handlers.ts";
import { unlessMissing } from "./unless-missing.ts";

type TargetHandlers = Pick<
  SharedHandlers,
  "createTarget" | "updateTarget" | "deleteTarget" | "getTarget" | "listTargets"
>;

/** The RPCs that manage targets. */
export function targetHandlers(api: ApiContext): TargetHandlers {
  return {
    async createTarget(request, call) {
      const calling = callingFromProto(request.targetType);
      if (!calling) throw new Error("validation lets no target without type pass");
      const { id, details, signingKey } = await createTarget(api.commandContext(call), {
        name: request.name,
        endpoint: request.endpoint,
        // The contract has a missing timeout refused by the command, like one of 0s.
        timeoutMs: request.timeout ? msFromDuration(request.timeout) : 0,
        dialect: "v2",
        payloadType: payloadTypeFromProto(request),
        ...calling,
      });
      return { id, creationDate: timestampFromDate(details.changedAt), signingKey };
    },

    async updateTarget(request, call) {
      const { details, signingKey } = await updateTarget(api.commandContext(call), request.id, {
        name: request.name,
        calling: callingFromProto(request.targetType),
        endpoint: request.endpoint,
        timeoutMs: request.timeout && msFromDuration(request.timeout),
        payloadType: payloadTypeFromProto(request),
        // That it is given at all asks for a new key; validation lets no other time than 0s pass.
        rotateSigningKey: request.expirationSigningKey && { graceMs: msFromDuration(request.expirationSigningKey) },
      });
      return { changeDate: timestampFromDate(details.changedAt), ...(signingKey !== undefined && { signingKey }) };
    },

    async deleteTarget({ id }, call) {
      const details = await unlessMissing("target_not_found", deleteTarget(api.commandContext(call), id));
      return details ? { deletionDate: timestampFromDate(details.changedAt) } : {};
    },

    async getTarget({ id }, call) {
      const target = await existingTarget(api.database, call.instanceId, id);
      return { target: targetToProto(target, await readableSigningKeys(api, call, [id])) };
    },

    async listTargets({ pagination, filters, sortingColumn = v2.TargetFieldName.UNSPECIFIED }, call) {
      const page = pageFromProto(pagination);
      const { total, targets } = await api.database.snapshotRead((tx) =>
        searchTargets(tx, call.instanceId, {
          filters: filters.map(filterFromProto),
          sortBy: SORT_COLUMNS[sortingColumn],
          ...page,
        }),
      );
      const ids = targets.map(({ id }) => id);
      const signingKeys = await readableSigningKeys(api, call, ids);
      return {
        pagination: pageToProto(total, page),
        targets: targets.map((target) => targetToProto(target, signingKeys)),
      };
    },
  };
}

function targetToProto(target: StoredTarget, signingKeys: ReadonlyMap<string, string>) {
  const signingKey = signingKeys.get(target.id);
  return {
    id: target.id,
    creationDate: timestampFromDate(target.createdAt),
    changeDate: timestampFromDate(target.details.changedAt),
    name: target.name,
    targetType: callingToProto(target),
    timeout: durationFromMs(target.timeoutMs),
    endpoint: target.endpoint,
    ...(signingKey !== undefined && { signingKey }),
    payloadType: payloadTypeToProto(target.payloadType),
  };
}

function filterFromProto({ filter }: v2beta.TargetSearchFilter | v2.TargetSearchFilter): TargetFilter {
  switch (filter.case) {
    case "targetNameFilter":
      return { kind: "name", text: filter.value.targetName, ...textMethodFromProto(filter.value.method) };
    case "inTargetIdsFilter":
      return { kind: "ids", ids: filter.value.targetIds };
    case undefined:
      throw new Error("validation lets no empty filter pass");
  }
}

const SORT_COLUMNS: Readonly<Record<v2.TargetFieldName, TargetSortColumn>> = {
  [v2.TargetFieldName.UNSPECIFIED]: "creationDate",
  [v2.TargetFieldName.ID]: "id",
  [v2.TargetFieldName.CREATED_DATE]: "creationDate",
  [v2.TargetFieldName.CHANGED_DATE]: "changeDate",
  [v2.TargetFieldName.NAME]: "name",
  [v2.TargetFieldName.TARGET_TYPE]: "type",
  [v2.TargetFieldName.URL]: "url",
  [v2.TargetFieldName.TIMEOUT]: "timeout",
  [v2.TargetFieldName.INTERRUPT_ON_ERROR]: "interruptOnError",
};
