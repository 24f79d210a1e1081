import { InterposeError } from "@interpose/engine";
import type { Database, Transaction } from "../store/database.ts";
import { beginNextStages } from "../store/sql/begin-next-stages.ts";
import { beginStagesOfOpenGates } from "../store/sql/begin-stages-of-open-gates.ts";
import { cancelChosenDeliveries, type CancelledDelivery } from "../store/sql/cancel-chosen-deliveries.ts";
import { closeUpStages } from "../store/sql/close-up-stages.ts";
import { lockDelivery } from "../store/sql/lock-delivery.ts";
import { notifyQueues } from "../store/sql/notify-queues.ts";
import { skipLaterStages } from "../store/sql/skip-later-stages.ts";
import type { CommandContext } from "./context.ts";
import { deliveryNotFound } from "./delivery-errors.ts";

/** Why a delivery ended that was cancelled by an order. */
const BY_HAND = "by_hand";

/** Cancels one delivery. One that is cancelled already stays so. Throws `delivery_not_found` or `delivery_over`. */
export async function cancelDelivery(context: CommandContext, id: bigint): Promise<void> {
  const { database, instanceId } = context;
  const cancelled = await database.transaction(async (tx) => {
    const locked = await lockDelivery(tx, instanceId, id);
    if (!locked) throw deliveryNotFound(String(id));
    if (locked.state === "cancelled") return [];
    const ended = await cancelAll(tx, instanceId, [id]);
    if (ended.length > 0) return ended;
    throw new InterposeError(
      "delivery_over",
      `The delivery "${id}" is ${locked.state}, and cannot be cancelled. Only one that is not over can be.`,
    );
  });
  await beginWhatMovedUp(database, cancelled);
}

/** Cancels those of some deliveries that are not over, in one transaction, and answers how many. */
export async function cancelDeliveries(
  { database, instanceId }: CommandContext,
  ids: readonly bigint[],
): Promise<number> {
  const cancelled = await database.transaction((tx) => cancelAll(tx, instanceId, ids));
  await beginWhatMovedUp(database, cancelled);
  return cancelled.length;
}

/** A target that interrupts was not told, so those behind it are not told either; for others, whoever waited for its attempt waits no longer. */
async function cancelAll(
  tx: Transaction,
  instanceId: string,
  ids: readonly bigint[],
): Promise<readonly CancelledDelivery[]> {
  const cancelled = await cancelChosenDeliveries(tx, instanceId, ids, BY_HAND);
  const interrupting = cancelled.filter(({ gate }) => gate === "success");
  const skipped = interrupting.length === 0 ? [] : await skipLaterStages(tx, interrupting);
  const opened = cancelled.filter((delivery) => delivery.gate === "attempt" && !isGateOfBlocked(delivery));
  const begun = opened.length === 0 ? [] : await beginNextStages(tx, opened);
  const needless = cancelled.filter(isGateOfBlocked);
  if (needless.length > 0) await closeUpStages(tx, needless);
  // Who owns a queue lets the next of a key go on.
  const keyed = [...cancelled, ...skipped].filter(({ fifoKey }) => fifoKey !== null);
  await notifyQueues(
    tx,
    [...keyed, ...begun].map(({ targetId }) => targetId),
  );
  return cancelled;
}

/** What waits for the attempt of one whose own turn has not come waits on for what that waited for. */
function isGateOfBlocked({ gate, state }: CancelledDelivery): boolean {
  return gate === "attempt" && state === "blocked";
}

async function beginWhatMovedUp(database: Database, cancelled: readonly CancelledDelivery[]): Promise<void> {
  const positions = cancelled.filter(isGateOfBlocked).map(({ eventPosition }) => eventPosition);
  if (positions.length === 0) return;
  await database.transaction(async (tx) => {
    const begun = await beginStagesOfOpenGates(tx, positions);
    await notifyQueues(
      tx,
      begun.map(({ targetId }) => targetId),
    );
  });
}
