import type { Transaction } from "../database.ts";

/** Sets an instance's revision, and tells all nodes of it once the transaction is committed. The instance must be locked. */
export async function advanceRevision(tx: Transaction, instanceId: string, position: bigint, at: Date): Promise<void> {
  await tx.query({
    name: "advance-revision",
    text: `with advanced as (
             update interpose.instances set revision = $2, revision_at = $3 where id = $1 returning id
           )
           select pg_notify('interpose_changes', id) from advanced`,
    values: [instanceId, position, at],
  });
}
