import type { Queryable } from "../database.ts";
import { DELIVERY_COLUMNS, DELIVERY_JOINS, type DeliveryRow } from "./delivery-row.ts";

/** Deliveries by their ids, in the order of these. */
export function selectDeliveries(
  db: Queryable,
  instanceId: string,
  ids: readonly bigint[],
): Promise<readonly DeliveryRow[]> {
  return db.query<DeliveryRow>({
    name: "select-deliveries",
    text: `select ${DELIVERY_COLUMNS} from interpose.deliveries d ${DELIVERY_JOINS}
           where d.instance_id = $1 and d.id = any ($2::bigint[]) order by d.id`,
    values: [instanceId, ids],
  });
}
