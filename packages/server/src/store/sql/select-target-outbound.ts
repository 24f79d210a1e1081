import type { Queryable } from "../database.ts";

/** What a target is sent beside its payload, sealed. Null: nothing of its own, or there is no such target. */
export async function selectTargetOutbound(
  db: Queryable,
  instanceId: string,
  targetId: string,
): Promise<Uint8Array | null> {
  const [row] = await db.query<{ sealed: Uint8Array | null }>({
    name: "select-target-outbound",
    text: "select sealed_outbound as sealed from interpose.targets where instance_id = $1 and id = $2",
    values: [instanceId, targetId],
  });
  return row?.sealed ?? null;
}
