import { onlyRow, type Queryable } from "../database.ts";

/** The largest id of a delivery; 0 where there is none. */
export async function newestDeliveryId(db: Queryable): Promise<bigint> {
  const rows = await db.query<{ id: bigint }>({
    name: "newest-delivery-id",
    text: "select coalesce(max(id), 0) as id from interpose.deliveries",
    values: [],
  });
  return onlyRow(rows).id;
}
