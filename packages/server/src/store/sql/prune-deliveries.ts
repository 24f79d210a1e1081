import type { Transaction } from "../database.ts";

/** Where a walk through deliveries in the order of their ends has come to. */
export interface PruneCursor {
  /** As the database writes it, to the microsecond. */
  readonly endedAt: string;
  readonly id: bigint;
}

/** Which deliveries go next. */
export interface PruneOrder {
  /** Dead letters, everything but those, or both. */
  readonly kind: "dead" | "not dead" | "any";
  /** What ended before this time, as the database writes it; undefined: whenever it ended. */
  readonly endedBefore?: string | undefined;
  readonly after?: PruneCursor | undefined;
  readonly limit: number;
}

/** What a batch came to. */
export interface PrunedDeliveries {
  readonly count: number;
  /** Events that they told of. */
  readonly eventPositions: readonly bigint[];
  /** The last of them. Undefined: there was none. */
  readonly last: PruneCursor | undefined;
}

/** Deletes a batch of deliveries with their attempts, those that ended first first. What somebody is changing is passed over. */
export async function pruneDeliveries(
  tx: Transaction,
  instanceId: string,
  { kind, endedBefore, after, limit }: PruneOrder,
): Promise<PrunedDeliveries> {
  const isKind = { dead: "and state = 'dead'", "not dead": "and state <> 'dead'", any: "" }[kind];
  const doomed = await tx.query<PruneCursor & { readonly position: bigint }>({
    text: `select id, ended_at::text as "endedAt", event_position as position from interpose.deliveries
           where ended_at is not null and instance_id = $1 ${isKind}
             and ended_at < coalesce($2::timestamptz, 'infinity') and ended_at >= coalesce($3::timestamptz, '-infinity')
             and (ended_at, id) > (coalesce($3::timestamptz, '-infinity'), $4)
           order by ended_at, id limit $5
           for update skip locked`,
    values: [instanceId, endedBefore ?? null, after?.endedAt ?? null, after?.id ?? 0n, limit],
  });
  const ids = doomed.map(({ id }) => id);
  for (const [table, column] of [
    ["attempts", "delivery_id"],
    ["deliveries", "id"],
  ] as const) {
    await tx.query({
      name: `prune-${table}`,
      text: `delete from interpose.${table} where ${column} = any ($1::bigint[])`,
      values: [ids],
    });
  }
  const last = doomed.at(-1);
  return {
    count: doomed.length,
    eventPositions: [...new Set(doomed.map(({ position }) => position))],
    last: last && { endedAt: last.endedAt, id: last.id },
  };
}
