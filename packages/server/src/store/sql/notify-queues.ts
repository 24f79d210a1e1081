import type { Queryable } from "../database.ts";

/** Longest list of targets in one notification, in characters; PostgreSQL takes 8,000 bytes. */
const MOST_CHARACTERS = 7_000;

/** Tells the owners of some targets' queues that there is something for them, as soon as the transaction is committed. */
export async function notifyQueues(db: Queryable, targetIds: Iterable<string>): Promise<void> {
  const ids = [...new Set(targetIds)].join(" ");
  if (ids === "") return;
  await db.query({
    name: "notify-queues",
    text: "select pg_notify('interpose_deliveries', $1)",
    values: [ids.length > MOST_CHARACTERS ? "*" : ids],
  });
}
