import type { Queryable } from "../database.ts";

/** Gives up queues, and tells the other workers that they are free. */
export async function releaseQueues(
  db: Queryable,
  workerId: string,
  instanceId: string,
  targetIds: readonly string[],
): Promise<void> {
  await db.query({
    name: "release-queues",
    text: `with freed as (
             update interpose.queues set owner = null where instance_id = $2 and target_id = any ($3::text[]) and owner = $1 returning target_id
           )
           select pg_notify('interpose_deliveries', '*') from (select count(*) as n from freed) as f where n > 0`,
    values: [workerId, instanceId, targetIds],
  });
}
