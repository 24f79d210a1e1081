import type { Queryable } from "../database.ts";

/** The sealed value that tells whether a master key is the instance's. Undefined: nothing was sealed yet. */
export async function selectSealedCheck(db: Queryable, instanceId: string): Promise<Uint8Array | undefined> {
  const [row] = await db.query<{ check: Uint8Array | null }>({
    text: `select sealed_check as check from interpose.instances where id = $1`,
    values: [instanceId],
  });
  return row?.check ?? undefined;
}
