import type { Queryable } from "../database.ts";
import { deliveryConditions, type DeliveryFilter } from "./delivery-filter.ts";

/** A delivery, and what differs whenever a change of it is to be told. */
export interface DeliveryVersion {
  readonly id: bigint;
  readonly version: string;
  readonly isOver: boolean;
}

/** Which deliveries are looked at: those of some ids, and those that ended from a time on. */
export interface VersionsToSelect {
  readonly filter: DeliveryFilter;
  readonly ids: readonly bigint[];
  readonly endedFrom: Date;
  readonly limit: number;
}

const VERSION = `d.id, d.ended_at is not null as "isOver",
  concat_ws('|', d.state, d.attempts, d.due_at, coalesce(d.claimed_at, '-infinity'), coalesce(d.ended_at, '-infinity')) as version`;

/** Looks at deliveries, whatever their state. The filter's states play no part: what has left them must be known when it comes back. */
export async function selectDeliveryVersions(
  db: Queryable,
  instanceId: string,
  { filter, ids, endedFrom, limit }: VersionsToSelect,
): Promise<readonly DeliveryVersion[]> {
  const values: unknown[] = [];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const { joins, where } = deliveryConditions(instanceId, { ...filter, states: [] }, parameter);
  return db.query<DeliveryVersion>({
    text: `select ${VERSION}
           from (
             select unnest(${parameter(ids)}::bigint[]) as id
             union
             (select id from interpose.deliveries where ended_at >= ${parameter(endedFrom)} order by ended_at desc limit ${parameter(limit)})
           ) as chosen
           join interpose.deliveries d using (id) ${joins} where ${where}`,
    values,
  });
}

/** The newest deliveries that match and are not over. */
export async function selectOpenDeliveryVersions(
  db: Queryable,
  instanceId: string,
  filter: DeliveryFilter,
  limit: number,
): Promise<readonly DeliveryVersion[]> {
  const values: unknown[] = [];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const open = ["blocked", "queued", "waiting", "running", "held"] as const;
  const { joins, where } = deliveryConditions(instanceId, { ...filter, states: open }, parameter);
  return db.query<DeliveryVersion>({
    text: `select ${VERSION} from interpose.deliveries d ${joins} where ${where} order by d.id desc limit ${parameter(limit)}`,
    values,
  });
}
