import type { Queryable } from "../database.ts";

/** Tells the other workers that there is one more to share with. */
export async function announceWorker(db: Queryable): Promise<void> {
  await db.query({ text: "select pg_notify('interpose_deliveries', '*')", values: [] });
}
