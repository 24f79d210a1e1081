import type { Queryable } from "../database.ts";

/** Ids of deliveries behind one, and those of `missing` that have appeared, in their order; at most `limit`. */
export async function selectNewDeliveryIds(
  db: Queryable,
  { behind, missing, limit }: { readonly behind: bigint; readonly missing: readonly bigint[]; readonly limit: number },
): Promise<readonly bigint[]> {
  const rows = await db.query<{ id: bigint }>({
    name: "select-new-delivery-ids",
    text: `select id from interpose.deliveries where id = any ($2::bigint[])
           union all
           (select id from interpose.deliveries where id > $1 order by id limit $3)`,
    values: [behind, missing, limit],
  });
  return rows.map(({ id }) => id);
}
