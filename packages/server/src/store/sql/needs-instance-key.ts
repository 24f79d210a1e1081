import { onlyRow, type Queryable } from "../database.ts";

/** Whether payloads of some target are signed as tokens, and there is no key for it. */
export async function needsInstanceKey(db: Queryable, instanceId: string): Promise<boolean> {
  const rows = await db.query<{ needed: boolean }>({
    text: `select exists (select from interpose.targets where instance_id = $1 and payload_type <> 'json')
             and not exists (select from interpose.instance_keys where instance_id = $1) as needed`,
    values: [instanceId],
  });
  return onlyRow(rows).needed;
}
