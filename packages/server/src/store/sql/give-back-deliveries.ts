import type { Queryable } from "../database.ts";

/** Gives back deliveries of which nothing was sent, as if they had never been claimed. */
export async function giveBackDeliveries(db: Queryable, workerId: string, ids: readonly bigint[]): Promise<void> {
  await db.query({
    name: "give-back-deliveries",
    text: `update interpose.deliveries set claimed_by = null, claimed_at = null where id = any ($2::bigint[]) and claimed_by = $1`,
    values: [workerId, ids],
  });
}
