import type { Transaction } from "../store/database.ts";
import { listDeclaredTypes } from "../store/sql/list-declared-types.ts";
import { listFunctions } from "../store/sql/list-functions.ts";
import { readSnapshot } from "../store/sql/load-snapshot.ts";
import { selectApplied } from "../store/sql/select-applied.ts";
import { selectPausedTargets } from "../store/sql/select-paused-targets.ts";
import type { CurrentState } from "./pairs.ts";
import { thingOfEventType, thingOfExecution, thingOfFunction, thingOfTarget } from "./things.ts";

/** Everything that there is, and what documents own of it. Nothing may change meanwhile: in a snapshot, or with the instance locked. */
export async function loadState(tx: Transaction, instanceId: string): Promise<CurrentState> {
  const { targets, executions } = await readSnapshot(tx, instanceId);
  const paused = new Set((await selectPausedTargets(tx, instanceId)).map(({ targetId }) => targetId));
  return {
    targets: targets.map((target) => thingOfTarget(target, paused.has(target.id))),
    executions: executions.map(thingOfExecution),
    functions: (await listFunctions(tx, instanceId)).map(thingOfFunction),
    eventTypes: (await listDeclaredTypes(tx, instanceId)).map(thingOfEventType),
    applied: await selectApplied(tx, instanceId),
  };
}
