import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { executionsById, expandTargets, type Execution, type ExecutionEntry } from "@interpose/engine";
import * as v2 from "@interpose/protocol/gen/zitadel/action/v2/query_pb";
import type * as v2beta from "@interpose/protocol/gen/zitadel/action/v2beta/query_pb";
import { deleteExecution } from "../../commands/delete-execution.ts";
import { setExecution } from "../../commands/set-execution.ts";
import type { StoredExecution } from "../../store/records.ts";
import { searchExecutions, type ExecutionFilter, type ExecutionSortColumn } from "../../store/sql/search-executions.ts";
import { selectIncludedExecutions } from "../../store/sql/select-included-executions.ts";
import { conditionFromProto, conditionToProto, filterIdFromProto } from "../condition.ts";
import type { ApiContext } from "../context.ts";
import { emptyEntry } from "../empty-entry.ts";
import { kindFromProto } from "../execution-kind.ts";
import { servedCondition } from "../served-condition.ts";
import { refuseUnknownEvents } from "./known-events.ts";
import { pageFromProto, pageToProto } from "./page.ts";
import type { SharedHandlers } from "./shared-handlers.ts";
import { unlessMissing } from "./unless-missing.ts";

type ExecutionHandlers = Pick<
  SharedHandlers,
  "setExecution" | "listExecutions" | "listExecutionFunctions" | "listExecutionMethods" | "listExecutionServices"
>;

/** The RPCs that manage executions. */
export function executionHandlers(api: ApiContext): ExecutionHandlers {
  return {
    async setExecution({ condition: given, targets }, call) {
      const entries = targets.map(entryFromProto);
      const parsed = conditionFromProto(given, "condition");
      const context = api.commandContext(call);
      if (parsed && entries.length === 0) {
        // What is set can be deleted, also when what it names is no longer there.
        const details = await unlessMissing("execution_not_found", deleteExecution(context, parsed));
        if (details) return { setDate: timestampFromDate(details.changedAt) };
      }
      const condition = await servedCondition(parsed, given, api, call.instanceId);
      await refuseUnknownEvents(condition, api, call.instanceId);
      if (entries.length === 0) return {};
      const { changedAt } = await setExecution(context, condition, entries);
      return { setDate: timestampFromDate(changedAt) };
    },

    async listExecutions({ pagination, filters, sortingColumn = v2.ExecutionFieldName.UNSPECIFIED }, call) {
      const page = pageFromProto(pagination);
      return api.database.snapshotRead(async (tx) => {
        const { total, executions } = await searchExecutions(tx, call.instanceId, {
          filters: filters.flatMap(filterFromProto),
          sortBy: SORT_COLUMNS[sortingColumn],
          ...page,
        });
        const including = executions.filter(({ entries }) => entries.some((entry) => "include" in entry));
        const ids = including.map(({ id }) => id);
        const included = ids.length > 0 ? await selectIncludedExecutions(tx, call.instanceId, ids) : [];
        const byId = executionsById(included);
        return {
          pagination: pageToProto(total, page),
          executions: executions.map((execution) => executionToProto(execution, byId)),
        };
      });
    },

    async listExecutionFunctions(_request, { instanceId }) {
      return { functions: [...(await api.functions.names(instanceId))] };
    },
    listExecutionMethods: () => ({ methods: [...api.catalog().methods] }),
    listExecutionServices: () => ({ services: [...api.catalog().services] }),
  };
}

function entryFromProto(target: string, i: number): ExecutionEntry {
  if (target === "") throw emptyEntry(i, "a target");
  return { target };
}

/** An execution without includes, which this version does not know: in their places stand the targets that they lead to. */
function executionToProto(execution: StoredExecution, included: ReadonlyMap<string, Execution>) {
  return {
    condition: conditionToProto(execution.condition),
    creationDate: timestampFromDate(execution.createdAt),
    changeDate: timestampFromDate(execution.details.changedAt),
    targets: [...expandTargets(execution, included, (id) => id)],
  };
}

/** The filter that is meant; none for one that matches everything. */
function filterFromProto(
  { filter }: v2beta.ExecutionSearchFilter | v2.ExecutionSearchFilter,
  i: number,
): readonly ExecutionFilter[] {
  switch (filter.case) {
    case "inConditionsFilter": {
      const ids = filter.value.conditions.map((condition, j) =>
        filterIdFromProto(condition, `filters[${i}].in_conditions_filter.conditions[${j}]`),
      );
      return [{ kind: "ids", ids: ids.filter((id) => id !== undefined) }];
    }
    case "executionTypeFilter": {
      const type = kindFromProto(filter.value.executionType);
      return type ? [{ kind: "type", type }] : [];
    }
    case "targetFilter":
      return [{ kind: "calls", id: filter.value.targetId }];
    case undefined:
      throw new Error("validation lets no empty filter pass");
  }
}

const SORT_COLUMNS: Readonly<Record<v2.ExecutionFieldName, ExecutionSortColumn>> = {
  [v2.ExecutionFieldName.UNSPECIFIED]: "creationDate",
  [v2.ExecutionFieldName.ID]: "id",
  [v2.ExecutionFieldName.CREATED_DATE]: "creationDate",
  [v2.ExecutionFieldName.CHANGED_DATE]: "changeDate",
};
