import type { Queryable } from "../database.ts";

/** What an instance sends targets beside their payloads, sealed. Null: nothing. */
export async function selectInstanceOutbound(db: Queryable, instanceId: string): Promise<Uint8Array | null> {
  const [row] = await db.query<{ sealed: Uint8Array | null }>({
    name: "select-instance-outbound",
    text: "select sealed_outbound as sealed from interpose.instances where id = $1",
    values: [instanceId],
  });
  return row?.sealed ?? null;
}
