import type { Queryable } from "../database.ts";
import { deliveryConditions, type DeliveryFilter } from "./delivery-filter.ts";
import { DELIVERY_COLUMNS, DELIVERY_JOINS, type DeliveryRow } from "./delivery-row.ts";

/** A page of deliveries. */
export interface DeliveryPage {
  readonly filter: DeliveryFilter;
  readonly limit: number;
  /** The delivery that the page before ended with. */
  readonly before?: bigint | undefined;
}

/** Lists deliveries, newest first. */
export function listDeliveries(
  db: Queryable,
  instanceId: string,
  { filter, limit, before }: DeliveryPage,
): Promise<readonly DeliveryRow[]> {
  const values: unknown[] = [];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const { joins, where } = deliveryConditions(instanceId, filter, parameter);
  const behind = before === undefined ? "" : `and d.id < ${parameter(before)}`;
  return db.query<DeliveryRow>({
    // What is shown beside is looked up for the page alone.
    text: `select ${DELIVERY_COLUMNS}
           from (select d.* from interpose.deliveries d ${joins} where ${where} ${behind} order by d.id desc limit ${parameter(limit)}) d
           ${DELIVERY_JOINS}
           order by d.id desc`,
    values,
  });
}
