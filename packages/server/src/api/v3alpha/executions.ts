import { conditionId, InterposeError, type Condition, type ExecutionEntry } from "@interpose/engine";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ActionService } from "@interpose/protocol/gen/zitadel/action/v3alpha/action_service_pb";
import type { ExecutionSchema, ExecutionTargetType } from "@interpose/protocol/gen/zitadel/action/v3alpha/execution_pb";
import { ExecutionType, type SearchQuery } from "@interpose/protocol/gen/zitadel/action/v3alpha/query_pb";
import { deleteExecution, executionNotFound } from "../../commands/delete-execution.ts";
import { setExecution } from "../../commands/set-execution.ts";
import type { StoredExecution } from "../../store/records.ts";
import { readRevision } from "../../store/sql/read-revision.ts";
import { searchExecutions, type ExecutionFilter } from "../../store/sql/search-executions.ts";
import type { ApiContext } from "../context.ts";
import type { Handlers } from "../service.ts";
import { conditionFromProto, conditionToProto, filterIdFromProto } from "./condition.ts";
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
      const condition = await refuseUnknown(given, request.condition, api, call.instanceId);
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

type ProtoCondition = Parameters<typeof conditionFromProto>[0];

/** Refuses a condition on a method, service or function that nobody serves. Events are not checked: they are learned when they happen. */
async function refuseUnknown(
  condition: Condition | undefined,
  given: ProtoCondition,
  api: ApiContext,
  instanceId: string,
): Promise<Condition> {
  if (condition?.kind === "function") {
    if ((await api.functions.named(instanceId, [condition.name])).length > 0) return condition;
    throw unknown(
      `There is no function "${condition.name}". ListExecutionFunctions names those that exist.`,
      "COMMAND-cdy39t0ksr",
    );
  }
  if (condition?.kind === "event") return condition;
  if (condition?.scope.kind === "all") return condition;
  if (condition?.scope.kind === "service") {
    if (api.catalog().services.includes(condition.scope.service)) return condition;
    const text = `There is no service "${condition.scope.service}". ListExecutionServices names those that exist.`;
    throw unknown(text, "COMMAND-qu6dfhiioq");
  }
  if (condition && api.catalog().methods.includes(`/${condition.scope.service}/${condition.scope.method}`))
    return condition;
  const text = `There is no method "${nameOf(given)}". It has the form "/package.Service/Method"; ListExecutionMethods names those that exist.`;
  throw unknown(text, "COMMAND-vysplsevt8");
}

function unknown(text: string, id: string): InterposeError {
  return new InterposeError("condition_unknown", text, { id, key: "Errors.Execution.ConditionInvalid" });
}

/** The method's name as the client gave it, which need not be one. */
function nameOf(condition: ProtoCondition): string {
  const type = condition?.conditionType;
  const scope = type?.case === "request" || type?.case === "response" ? type.value.condition : undefined;
  return scope?.case === "method" ? scope.value : "";
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
  const description = `${field} is empty. Name a target or an include, or take it out of the list.`;
  throw new InterposeError("bad_request", description, {
    id: "COMMAND-hdm4zl1hmd",
    key: "Errors.Execution.Invalid",
    violations: [{ field, description }],
  });
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
      const type = EXECUTION_KINDS[query.value.executionType];
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

const EXECUTION_KINDS: Readonly<Record<ExecutionType, Condition["kind"] | undefined>> = {
  [ExecutionType.UNSPECIFIED]: undefined,
  [ExecutionType.REQUEST]: "request",
  [ExecutionType.RESPONSE]: "response",
  [ExecutionType.EVENT]: "event",
  [ExecutionType.FUNCTION]: "function",
};
