import type { Queryable } from "../database.ts";
import { AFTER_GATES } from "./gates.ts";

/** A gate of an event that is settled. */
export interface SettledGate {
  readonly eventPosition: bigint;
  /** -1: none; but what no gate holds back shall begin. */
  readonly stage: number;
  /** Whether it opened; otherwise it will not open any more. */
  readonly opens: boolean;
}

/** Lets begin what waited for gates that have opened, ends what waited for those that will not open, and answers the targets of this worker that have something new. */
export async function settleGates(
  db: Queryable,
  workerId: string,
  instanceId: string,
  gates: readonly SettledGate[],
): Promise<readonly string[]> {
  const rows = await db.query<{ readonly targetId: string }>({
    name: "settle-gates",
    text: `with ended as materialized (
             select event_position, stage, opens, not opens as interrupts
             from unnest($3::bigint[], $4::int[], $5::bool[]) as g (event_position, stage, opens)
           ), ${AFTER_GATES}
           select target_id as "targetId", (select count(*) from told) from released`,
    values: [
      workerId,
      instanceId,
      gates.map(({ eventPosition }) => eventPosition),
      gates.map(({ stage }) => stage),
      gates.map(({ opens }) => opens),
    ],
  });
  return rows.map(({ targetId }) => targetId);
}
