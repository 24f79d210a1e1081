import { durationFromMs, msFromDuration } from "../api/duration.ts";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { createClient, type Transport } from "@connectrpc/connect";
import { conditionId, type ExecutionEntry, type ExecutionOptions } from "@interpose/engine";
import {
  ExecutionService,
  Match,
  type ExecutionOptions as ProtoExecutionOptions,
} from "@interpose/protocol/gen/interpose/v1/execution_service_pb";
import { Role as ProtoRole, TokenService, type Token } from "@interpose/protocol/gen/interpose/v1/token_service_pb";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v3alpha/action_service_pb";
import type { Role } from "../access/permissions.ts";
import { conditionFromProto, conditionToProto } from "../api/condition.ts";
import { callingFromProto, callingToProto } from "../api/target-type.ts";
import { remoteActions } from "./actions/remote.ts";
import type { Backend, ListedToken } from "./backend.ts";

/** A server, by its public API. */
export function openRemoteBackend(transport: Transport): Backend {
  const actions = createClient(ActionService, transport);
  const executions = createClient(ExecutionService, transport);
  const tokens = createClient(TokenService, transport);
  return {
    ...remoteActions(transport),

    async listTargets() {
      const { result } = await actions.listTargets({ query: { asc: true } });
      return result.map(({ targetId, name, endpoint, timeout, targetType }) => ({
        id: targetId,
        name,
        endpoint,
        timeoutMs: timeout ? msFromDuration(timeout) : 0,
        ...(callingFromProto(targetType) ?? { type: "async", interruptOnError: false }),
      }));
    },

    async createTarget({ name, endpoint, timeoutMs, ...calling }) {
      const { id } = await actions.createTarget({
        name,
        endpoint,
        timeout: durationFromMs(timeoutMs),
        targetType: callingToProto(calling),
      });
      return id;
    },

    deleteTarget: async (targetId) => void (await actions.deleteTarget({ targetId })),

    async listExecutions() {
      const { result } = await actions.listExecutions({});
      return result.flatMap(({ Condition: given, targets }) => {
        const condition = conditionFromProto(given, "condition");
        if (!condition) return [];
        const entries = targets.flatMap(({ type }): ExecutionEntry[] => {
          if (type.case === "target") return [{ target: type.value }];
          const include = type.case === "include" ? conditionFromProto(type.value, "include") : undefined;
          return include ? [{ include }] : [];
        });
        return [{ condition, entries }];
      });
    },

    async setExecution(condition, entries) {
      const targets = entries.map((entry) => ({
        type:
          "target" in entry
            ? ({ case: "target", value: entry.target } as const)
            : ({ case: "include", value: conditionToProto(entry.include) } as const),
      }));
      await actions.setExecution({ condition: conditionToProto(condition), targets });
    },

    deleteExecution: async (condition) =>
      void (await actions.deleteExecution({ condition: conditionToProto(condition) })),

    async executionOptions(condition) {
      const { options } = await executions.getExecutionOptions({ execution: conditionId(condition) });
      return optionsFromProto(options);
    },

    async otherVersions(condition) {
      try {
        return (await executions.getExecutionOptions({ execution: conditionId(condition) })).otherVersions;
      } catch {
        // The execution is set all the same, also where its token may not read it, or where it has this very call refused.
        return [];
      }
    },

    async updateExecutionOptions(condition, { runOnErrors, hiddenFields, fifoBy, match, shadowTargets }) {
      const { options } = await executions.updateExecutionOptions({
        execution: conditionId(condition),
        options: {
          ...(runOnErrors !== undefined && { runOnErrors }),
          hiddenFields: [...(hiddenFields ?? [])],
          shadowTargets: [...(shadowTargets ?? [])],
          ...(fifoBy !== undefined && { fifoBy }),
          ...(match !== undefined && { match: match === "equivalent" ? Match.EQUIVALENT : Match.EXACT }),
        },
        updateMask: {
          paths: [
            ...(runOnErrors === undefined ? [] : ["run_on_errors"]),
            ...(hiddenFields === undefined ? [] : ["hidden_fields"]),
            ...(fifoBy === undefined ? [] : ["fifo_by"]),
            ...(match === undefined ? [] : ["match"]),
            ...(shadowTargets === undefined ? [] : ["shadow_targets"]),
          ],
        },
      });
      return optionsFromProto(options);
    },

    async createToken({ name, role, permissions, expiresAt }) {
      const { id, token: text } = await tokens.createToken({
        name,
        role: role === null ? ProtoRole.UNSPECIFIED : ROLES[role],
        permissions: [...permissions],
        ...(expiresAt && { expireTime: timestampFromDate(expiresAt) }),
      });
      return { id, token: text };
    },

    async listTokens(showInactive) {
      const found: ListedToken[] = [];
      for (let pageToken = ""; ;) {
        const page = await tokens.listTokens({ pageSize: 1_000, pageToken, showInactive });
        found.push(...page.tokens.map(tokenFromProto));
        pageToken = page.nextPageToken;
        if (pageToken === "") return found;
      }
    },

    revokeToken: async (id) => void (await tokens.revokeToken({ id })),
    close: () => Promise.resolve(),
  };
}

const ROLES: Readonly<Record<Role, ProtoRole>> = {
  admin: ProtoRole.ADMIN,
  editor: ProtoRole.EDITOR,
  viewer: ProtoRole.VIEWER,
  none: ProtoRole.NONE,
};

function optionsFromProto(options: ProtoExecutionOptions | undefined): ExecutionOptions {
  const fifoBy = options?.fifoBy ?? "";
  return {
    runOnErrors: options?.runOnErrors ?? false,
    hiddenFields: options?.hiddenFields ?? [],
    ...(fifoBy !== "" && { fifoBy }),
    ...(options?.match === Match.EQUIVALENT && { match: "equivalent" }),
    ...(options && options.shadowTargets.length > 0 && { shadowTargets: options.shadowTargets }),
  };
}

function tokenFromProto({ id, name, role, permissions, createTime, expireTime, revokeTime }: Token): ListedToken {
  const named = (Object.keys(ROLES) as Role[]).find((each) => ROLES[each] === role);
  return {
    id,
    name,
    role: named ?? null,
    permissions,
    createdAt: createTime ? timestampDate(createTime) : new Date(0),
    expiresAt: expireTime ? timestampDate(expireTime) : null,
    revokedAt: revokeTime ? timestampDate(revokeTime) : null,
  };
}
