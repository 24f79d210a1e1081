import type { Transaction } from "../database.ts";

/** Locks the deliveries of some events, in the order of their ids, and waits with that for whoever is changing one. */
export async function lockEventsDeliveries(tx: Transaction, eventPositions: readonly bigint[]): Promise<void> {
  await tx.query({
    name: "lock-events-deliveries",
    text: "select id from interpose.deliveries where event_position = any ($1::bigint[]) and replay_of is null order by id for update",
    values: [eventPositions],
  });
}
