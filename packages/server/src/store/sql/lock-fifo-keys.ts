import type { Queryable } from "../database.ts";

/** First half of the advisory locks' keys: any number that nothing else uses. */
const FIFO_LOCKS = 702_214;
/**
 * How many locks there are for all keys. A transaction may bring very many keys, and PostgreSQL has room for a few thousand locks of all transactions together.
 * Keys that share a lock wait for each other needlessly, and nothing else.
 */
const LOCKS = 512;

/** Locks keys of deliveries until the transaction ends, in a fixed order: what is appended behind the lock has ids in the order of the commits. */
export async function lockFifoKeys(db: Queryable, instanceId: string, keys: readonly string[]): Promise<void> {
  await db.query({
    name: "lock-fifo-keys",
    text: `select pg_advisory_xact_lock($1::int, lock)
           from (select distinct (hashtextextended($2 || '/' || key, 0) & $3::bigint)::int as lock from unnest($4::text[]) as key order by 1) as locks`,
    values: [FIFO_LOCKS, instanceId, LOCKS - 1, keys],
  });
}
