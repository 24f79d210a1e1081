import type { Transaction } from "../database.ts";

/** Says from when on the newest key signs no more, and deletes those that nobody needs since `before`. */
export async function retireInstanceKey(
  tx: Transaction,
  instanceId: string,
  { at, before }: { readonly at: Date; readonly before: Date },
): Promise<void> {
  await tx.query({
    text: "delete from interpose.instance_keys where instance_id = $1 and retired_at < $2",
    values: [instanceId, before],
  });
  await tx.query({
    text: "update interpose.instance_keys set retired_at = $2 where instance_id = $1 and retired_at is null",
    values: [instanceId, at],
  });
}
