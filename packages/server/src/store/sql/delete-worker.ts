import type { Queryable } from "../database.ts";

/** Ends a worker's lease at once: all its queues are free, and the other workers are told. */
export async function deleteWorker(db: Queryable, workerId: string, instanceId: string): Promise<void> {
  await db.query({
    name: "delete-worker",
    text: `with freed as (
             update interpose.queues set owner = null where instance_id = $2 and owner = $1
           ), gone as (
             delete from interpose.workers where id = $1
           )
           select pg_notify('interpose_deliveries', '*')`,
    values: [workerId, instanceId],
  });
}
