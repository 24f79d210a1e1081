import { onlyRow, type Queryable } from "../database.ts";

/** Who delivers, and whether anything waits for it. */
export interface WorkersState {
  /** Names of the workers whose lease has not run out. */
  readonly alive: readonly string[];
  /** When the delivery was due that waits for the longest. Null: none is due. */
  readonly oldestDueAt: Date | null;
  readonly now: Date;
}

/** Reads which workers there are. */
export async function readWorkers(db: Queryable, instanceId: string): Promise<WorkersState> {
  const rows = await db.query<WorkersState>({
    text: `select array(select name from interpose.workers where instance_id = $1 and lease_until > clock_timestamp() order by name) as alive,
             (select min(d.due_at) from interpose.targets t cross join lateral (
                select due_at from interpose.deliveries
                where target_id = t.id and state = 'waiting' order by due_at, id limit 1) d
              where t.instance_id = $1 and d.due_at < clock_timestamp()) as "oldestDueAt",
             clock_timestamp() as now`,
    values: [instanceId],
  });
  return onlyRow(rows);
}
