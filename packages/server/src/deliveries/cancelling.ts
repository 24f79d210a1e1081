import type { Database, Transaction } from "../store/database.ts";
import { cancelDeliveries, type CancelledDelivery } from "../store/sql/cancel-deliveries.ts";
import { lockEventsDeliveries } from "../store/sql/lock-events-deliveries.ts";
import { notifyQueues } from "../store/sql/notify-queues.ts";
import { settleGates } from "../store/sql/settle-gates.ts";

/** Who cancels, and where. */
export interface Canceller {
  readonly instanceId: string;
  /** The worker that learns from the answer what it may begin. Empty: none. */
  readonly workerId: string;
}

/** What came of cancelling. */
export interface Cancelled {
  readonly deliveries: readonly CancelledDelivery[];
  /** Targets of the worker that have something new. Owners of others were told. */
  readonly released: readonly string[];
}

/**
 * Cancels those of some deliveries that are not over. A target that interrupts was not told, so those behind it are not told either; for others, whoever waited for
 * the attempt waits no longer for it. Call `settleCancelled` when the transaction is committed.
 */
export async function cancelWithin(
  tx: Transaction,
  { instanceId, workerId }: Canceller,
  ids: readonly bigint[],
  reason: string,
): Promise<Cancelled> {
  const deliveries = await cancelDeliveries(tx, instanceId, ids, reason);
  const gates = deliveries.filter(({ gate }) => gate !== null);
  // By a statement of its own, which sees what was cancelled: nothing of that shall begin.
  const settled = gates.map(({ eventPosition, stage, gate }) => ({ eventPosition, stage, opens: gate === "attempt" }));
  const released = settled.length === 0 ? [] : await settleGates(tx, workerId, instanceId, settled);
  // Who owns a queue lets the next of a key go on.
  const keyed = deliveries.filter(({ fifoKey }) => fifoKey !== null);
  await notifyQueues(
    tx,
    keyed.map(({ targetId }) => targetId),
  );
  return { deliveries, released };
}

/**
 * Looks once more at what waited for one that was cancelled before its turn: whoever was opening the gate before that one at the same time saw it closed still. Answers
 * the targets of the worker that have something new.
 */
export async function settleCancelled(
  database: Database,
  { instanceId, workerId }: Canceller,
  cancelled: readonly CancelledDelivery[],
): Promise<readonly string[]> {
  const early = cancelled.filter(({ gate, state }) => gate === "attempt" && state === "blocked");
  const positions = [...new Set(early.map(({ eventPosition }) => eventPosition))];
  if (positions.length === 0) return [];
  return database.transaction(async (tx) => {
    await lockEventsDeliveries(tx, positions);
    return settleGates(tx, workerId, instanceId, positions.map(beforeAllGates));
  });
}

/** Stands for no gate: what of an event no gate holds back shall begin. */
export function beforeAllGates(eventPosition: bigint): Parameters<typeof settleGates>[3][number] {
  return { eventPosition, stage: -1, opens: true };
}
