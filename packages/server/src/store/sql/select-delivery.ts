import type { Queryable } from "../database.ts";
import { DELIVERY_COLUMNS, DELIVERY_JOINS, type DeliveryRow } from "./delivery-row.ts";

/** One delivery with its event's payload, if there is one with this id. */
export async function selectDelivery(
  db: Queryable,
  instanceId: string,
  id: bigint,
): Promise<(DeliveryRow & { readonly payload: Readonly<Record<string, unknown>> | null }) | undefined> {
  const [row] = await db.query<DeliveryRow & { readonly payload: Readonly<Record<string, unknown>> | null }>({
    name: "select-delivery",
    text: `select ${DELIVERY_COLUMNS}, e.payload from interpose.deliveries d ${DELIVERY_JOINS} where d.instance_id = $1 and d.id = $2`,
    values: [instanceId, id],
  });
  return row;
}
