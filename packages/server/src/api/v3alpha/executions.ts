import { conditionId, InterposeError, type ExecutionEntry } from "@interpose/engine";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ActionService } from "@interpose/protocol/gen/zitadel/action/v3alpha/action_service_pb";
import type { ExecutionSchema, ExecutionTargetType } from "@interpose/protocol/gen/zitadel/action/v3alpha/execution_pb";
import type { SearchQuery } from "@interpose/protocol/gen/zitadel/action/v3alpha/query_pb";
import { deleteExecution, executionNotFound } from "../../commands/delete-execution.ts";
import { setExecution } from "../../commands/set-execution.ts";
import type { StoredExecution } from "../../store/records.ts";
import { readRevision } from "../../store/sql/read-revision.ts";
import { searchExecutions, type ExecutionFilter } from "../../store/sql/search-executions.ts";
import { conditionFromProto, conditionToProto, filterIdFromProto } from "../condition.ts";
import type { ApiContext } from "../context.ts";
import { emptyEntry } from "../empty-entry.ts";
import { kindFromProto } from "../execution-kind.ts";
import { nameOf, servedCondition } from "../served-condition.ts";
import type { Handlers } from "../service.ts";
import { detailsToProto, listDetailsToProto } from "./details.ts";

type ExecutionHandlers = Pick<
  Handlers<typeof ActionService>,
  | "setExecution"
  | "deleteExecution"
  | "listExecutions"
  | "listExecutionFunctions"
  | "listExecutionMethods"
  | "listExecutionServices"
>;

/** The RPCs that manage executions. */
export function executionHandlers(api: ApiContext): ExecutionHandlers {
  return {
    // The order of the checks is the contract's: includes, condition, what the condition names, and then the list.
    async setExecution(request, call) {
      const entries = request.targets.map(entryFromProto);
      const given = conditionFromProto(request.condition, "condition");
      const condition = await servedCondition(given, request.condition, api, call.instanceId);
      return { details: detailsToProto(await setExecution(api.commandContext(call), condition, entries)) };
    },

    async deleteExecution(request, call) {
      const condition = conditionFromProto(request.condition, "condition");
      if (!condition) throw executionNotFound(nameOf(request.condition));
      return { details: detailsToProto(await deleteExecution(api.commandContext(call), condition)) };
    },

    async listExecutions({ query, queries }, call) {
      const { found, revision } = await api.database.snapshotRead(async (tx) => ({
        found: await searchExecutions(tx, call.instanceId, {
          filters: queries.flatMap(filterFromProto),
          sortBy: "id",
          ascending: true,
          offset: query?.offset ?? 0n,
          limit: query?.limit ?? 0,
        }),
        revision: await readRevision(tx, call.instanceId),
      }));
      return { details: listDetailsToProto(found.total, revision), result: found.executions.map(executionToProto) };
    },

    async listExecutionFunctions(_request, { instanceId }) {
      return { functions: [...(await api.functions.names(instanceId))] };
    },
    listExecutionMethods: () => ({ methods: [...api.catalog().methods] }),
    listExecutionServices: () => ({ services: [...api.catalog().services] }),
  };
}

function entryFromProto({ type }: ExecutionTargetType, i: number): ExecutionEntry {
  const field = `targets[${i}]`;
  if (type.case === "include") {
    const include = conditionFromProto(type.value, `${field}.include`);
    if (include) return { include };
    const description = `${field}: there is no execution "${nameOf(type.value)}" to include. Set it first, or take it out of the list.`;
    throw new InterposeError("include_not_found", description, {
      id: "COMMAND-slgj0l4cdz",
      key: "Errors.Execution.IncludeNotFound",
      violations: [{ field, description }],
    });
  }
  if (type.case === "target" && type.value !== "") return { target: type.value };
  throw emptyEntry(i, "a target or an include");
}

function executionToProto({ condition, details, entries }: StoredExecution): MessageInitShape<typeof ExecutionSchema> {
  return {
    Condition: conditionToProto(condition),
    details: detailsToProto(details),
    targets: entries.map((entry) => ({
      type:
        "target" in entry
          ? { case: "target", value: entry.target }
          : { case: "include", value: conditionToProto(entry.include) },
    })),
  };
}

/** The filter that a query stands for; none for a query that matches everything. */
function filterFromProto({ query }: SearchQuery, i: number): readonly ExecutionFilter[] {
  switch (query.case) {
    case "inConditionsQuery": {
      const ids = query.value.conditions.map((condition, j) =>
        filterIdFromProto(condition, `queries[${i}].in_conditions_query.conditions[${j}]`),
      );
      return [{ kind: "ids", ids: ids.filter((id) => id !== undefined) }];
    }
    case "executionTypeQuery": {
      const type = kindFromProto(query.value.executionType);
      return type ? [{ kind: "type", type }] : [];
    }
    case "targetQuery":
      return [{ kind: "target", id: query.value.targetId }];
    case "includeQuery": {
      const include = conditionFromProto(query.value.include, `queries[${i}].include_query.include`);
      return [include ? { kind: "include", id: conditionId(include) } : { kind: "ids", ids: [] }];
    }
    case undefined:
      throw new Error("validation lets no empty query pass");
  }
}
