import type { Queryable } from "../database.ts";

/** Deletes the queue of a target that is gone, if its owner is this worker. */
export async function deleteQueue(
  db: Queryable,
  workerId: string,
  instanceId: string,
  targetId: string,
): Promise<void> {
  await db.query({
    name: "delete-queue",
    text: `delete from interpose.queues q where instance_id = $2 and target_id = $3 and owner = $1
             and not exists (select from interpose.targets t where t.instance_id = $2 and t.id = $3)`,
    values: [workerId, instanceId, targetId],
  });
}
