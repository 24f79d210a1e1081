import type { Queryable } from "../database.ts";

/** When something of a target is due next. */
export interface NextDue {
  readonly targetId: string;
  /** In milliseconds from now; below 0: it is due. */
  readonly dueMs: number;
  /** In milliseconds since 1970. */
  readonly dueAt: number;
}

/** Finds when each of many targets has something due, but for `held`, which the worker is attempting. Targets that have nothing waiting are left out. */
export function selectNextDue(
  db: Queryable,
  targetIds: readonly string[],
  held: readonly bigint[],
): Promise<readonly NextDue[]> {
  return db.query<NextDue>({
    name: "select-next-due",
    text: `select t.target_id as "targetId", extract(epoch from n.due_at - statement_timestamp())::float8 * 1000 as "dueMs",
             extract(epoch from n.due_at)::float8 * 1000 as "dueAt"
           from unnest($1::text[]) as t (target_id) cross join lateral (
             select d.due_at from interpose.deliveries d
             where d.target_id = t.target_id and d.state = 'waiting' and d.id <> all ($2::bigint[])
             order by d.due_at, d.id limit 1
           ) as n`,
    values: [targetIds, held],
  });
}
