import { onlyRow, type Queryable } from "../database.ts";

/** How far apart rows may be numbered and dated: a statement that inserts some takes no longer. */
const SLACK_SECONDS = 60;

/** What is numbered as it is created, and by which column. */
const NUMBERED = { deliveries: "id", events: "position" } as const;

/**
 * Bounds of the ids of deliveries, or the positions of events, that were created from a time on and before another, some more included. They grow as time does, but for rows that were
 * inserted at once; so a time is looked up among them by halving, and needs no index of its own, which each publisher would pay for.
 */
export async function idsOfTimes(
  db: Queryable,
  table: keyof typeof NUMBERED,
  { from, before }: { readonly from?: Date | undefined; readonly before?: Date | undefined },
): Promise<{ readonly from: bigint; readonly to: bigint } | undefined> {
  if (!from && !before) return undefined;
  return {
    from: from ? await firstIdAt(db, table, from, -SLACK_SECONDS) : 0n,
    to: before ? await firstIdAt(db, table, before, SLACK_SECONDS) : LARGEST_ID,
  };
}

const LARGEST_ID = 2n ** 63n - 1n;

/** The first id from a time on; what there is none behind, the one that would come next. */
async function firstIdAt(
  db: Queryable,
  table: keyof typeof NUMBERED,
  time: Date,
  offsetSeconds: number,
): Promise<bigint> {
  const id = NUMBERED[table];
  const { first } = onlyRow(
    await db.query<{ first: bigint }>({
      name: `first-of-${table}-at`,
      text: `with recursive halved (low, high) as (
               select coalesce(min(${id}), 0), coalesce(max(${id}), 0) + 1 from interpose.${table}
               union all
               select case when middle.is_before then middle.id + 1 else low end, case when middle.is_before then high else (low + high) / 2 end
               from halved, lateral (
                 select t.${id} as id, t.created_at < $1::timestamptz + make_interval(secs => $2) as is_before
                 from interpose.${table} t where t.${id} >= (low + high) / 2 order by t.${id} limit 1
               ) middle
               where low < high
             )
             select max(low) as first from halved`,
      values: [time, offsetSeconds],
    }),
  );
  return first;
}
