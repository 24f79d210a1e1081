import { onlyRow, type Queryable } from "../database.ts";

/** How far apart deliveries may be numbered and dated: a statement that inserts some takes no longer. */
const SLACK_SECONDS = 60;

/**
 * Bounds of the ids of deliveries that were created from a time on and before another, some more included. Ids grow as time does, but for deliveries that were
 * inserted at once; so a time is looked up among them by halving, and needs no index of its own, which each publisher would pay for.
 */
export async function idsOfTimes(
  db: Queryable,
  { from, before }: { readonly from?: Date | undefined; readonly before?: Date | undefined },
): Promise<{ readonly from: bigint; readonly to: bigint } | undefined> {
  if (!from && !before) return undefined;
  return {
    from: from ? await firstIdAt(db, from, -SLACK_SECONDS) : 0n,
    to: before ? await firstIdAt(db, before, SLACK_SECONDS) : LARGEST_ID,
  };
}

const LARGEST_ID = 2n ** 63n - 1n;

/** The first id from a time on; what there is none behind, the one that would come next. */
async function firstIdAt(db: Queryable, time: Date, offsetSeconds: number): Promise<bigint> {
  const { id } = onlyRow(
    await db.query<{ id: bigint }>({
      name: "first-delivery-at",
      text: `with recursive halved (low, high) as (
               select coalesce(min(id), 0), coalesce(max(id), 0) + 1 from interpose.deliveries
               union all
               select case when middle.is_before then middle.id + 1 else low end, case when middle.is_before then high else (low + high) / 2 end
               from halved, lateral (
                 select d.id, d.created_at < $1::timestamptz + make_interval(secs => $2) as is_before
                 from interpose.deliveries d where d.id >= (low + high) / 2 order by d.id limit 1
               ) middle
               where low < high
             )
             select max(low) as id from halved`,
      values: [time, offsetSeconds],
    }),
  );
  return id;
}
