import { useQuery } from "@connectrpc/connect-query";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v3alpha/action_service_pb";
import type { ExecutionTargetType } from "@interpose/protocol/gen/zitadel/action/v3alpha/execution_pb";
import type { Target } from "@interpose/protocol/gen/zitadel/action/v3alpha/target_pb";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { useMemo } from "react";
import { conditionFromProto, conditionId, type ConditionParts } from "./condition.ts";

/** One place in the list of an execution: a target, or another execution whose list is called there. Both by id. */
export interface ExecutionEntry {
  readonly kind: "target" | "include";
  readonly id: string;
}

/** An execution that is set. */
export interface SetExecution {
  readonly id: string;
  readonly condition: ConditionParts;
  readonly entries: readonly ExecutionEntry[];
  readonly changed: Timestamp | undefined;
}

/** What a query of everything answers, as far as it has. */
interface All<Value> {
  readonly data: Value | undefined;
  readonly error: Error | null;
  readonly refetch: () => unknown;
}

/** All executions that are set, by id. v3alpha alone shows includes. */
export function useExecutions(): All<ReadonlyMap<string, SetExecution>> {
  const { data, error, refetch } = useQuery(ActionService.method.listExecutions, {});
  const executions = useMemo(
    () =>
      data &&
      new Map(
        data.result.flatMap(({ Condition, details, targets }) => {
          const condition = Condition && conditionFromProto(Condition);
          if (!condition) return [];
          const id = conditionId(condition);
          return [[id, { id, condition, entries: targets.flatMap(entryFromProto), changed: details?.changeDate }]];
        }),
      ),
    [data],
  );
  return { data: executions, error, refetch };
}

/** All targets, by id. */
export function useTargets(): All<ReadonlyMap<string, Target>> {
  const { data, error, refetch } = useQuery(ActionService.method.listTargets, {});
  const targets = useMemo(() => data && new Map(data.result.map((target) => [target.targetId, target])), [data]);
  return { data: targets, error, refetch };
}

/** Which executions each of these includes, by id. */
export function includesOf(
  executions: Iterable<Pick<SetExecution, "id" | "entries">>,
): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...executions].map(({ id, entries }) => [
      id,
      entries.flatMap((entry) => (entry.kind === "include" ? [entry.id] : [])),
    ]),
  );
}

function entryFromProto({ type }: ExecutionTargetType): readonly ExecutionEntry[] {
  if (type.case === "target") return [{ kind: "target", id: type.value }];
  const included = type.case === "include" ? conditionFromProto(type.value) : undefined;
  return included ? [{ kind: "include", id: conditionId(included) }] : [];
}
