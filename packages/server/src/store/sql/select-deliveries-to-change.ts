import type { Queryable } from "../database.ts";
import { deliveryConditions, type DeliveryFilter } from "./delivery-filter.ts";

/** Which deliveries come next in a walk through those that match. */
export interface DeliveryWalk {
  readonly filter: DeliveryFilter;
  readonly direction: "oldest first" | "newest first";
  /** The delivery that the walk has come to. */
  readonly behind?: bigint | undefined;
  readonly limit: number;
}

/** A delivery that a walk comes to. */
export interface FoundDelivery {
  readonly id: bigint;
  /** Whether its target and its event are still there. */
  readonly canBeTold: boolean;
}

/** Finds the next deliveries of a walk. */
export function selectDeliveriesToChange(
  db: Queryable,
  instanceId: string,
  { filter, direction, behind, limit }: DeliveryWalk,
): Promise<readonly FoundDelivery[]> {
  const values: unknown[] = [];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const { joins, where } = deliveryConditions(instanceId, filter, parameter);
  const [order, isBehind] = direction === "oldest first" ? ["asc", ">"] : ["desc", "<"];
  const from = behind === undefined ? "" : `and d.id ${isBehind} ${parameter(behind)}`;
  return db.query<FoundDelivery>({
    text: `select d.id, t.id is not null and x.position is not null as "canBeTold"
           from (
             select d.id, d.instance_id, d.target_id, d.event_position from interpose.deliveries d ${joins}
             where ${where} ${from} order by d.id ${order} limit ${parameter(limit)}
           ) d
           left join interpose.targets t on t.instance_id = d.instance_id and t.id = d.target_id
           left join interpose.events x on x.position = d.event_position
           order by d.id ${order}`,
    values,
  });
}
