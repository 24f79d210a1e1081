import { InterposeError } from "@interpose/engine";
import { blockSkippedStages } from "../store/sql/block-skipped-stages.ts";
import { lockDelivery, type LockedDelivery } from "../store/sql/lock-delivery.ts";
import { notifyQueues } from "../store/sql/notify-queues.ts";
import { redeliverDelivery as redeliverRow } from "../store/sql/redeliver-delivery.ts";
import type { CommandContext } from "./context.ts";
import { deliveryNotFound } from "./delivery-errors.ts";

/**
 * Sets one delivery going again, whatever became of it. What was skipped for its sake waits for it again. One that is being attempted goes on, with its retry
 * schedule from the start. Throws `delivery_not_found`, `delivery_in_line` where others come first, or `target_not_found`.
 */
export async function redeliverDelivery({ database, instanceId }: CommandContext, id: bigint): Promise<void> {
  await database.transaction(async (tx) => {
    const locked = await lockDelivery(tx, instanceId, id);
    if (!locked) throw deliveryNotFound(String(id));
    refuseInLine(id, locked);
    if (!locked.canBeTold) {
      const text = `The target "${locked.targetId}" of the delivery "${id}" was deleted, so it cannot be told again.`;
      throw new InterposeError("target_not_found", text);
    }
    // One that was cancelled before its turn gets no turn before those that it waited for.
    const state = locked.isBehindOpenGate && locked.state !== "waiting" ? "blocked" : "waiting";
    await redeliverRow(tx, id, state);
    if (locked.state === "dead" || locked.state === "cancelled") await blockSkippedStages(tx, id);
    if (state === "waiting") await notifyQueues(tx, [locked.targetId]);
  });
}

function refuseInLine(id: bigint, { state }: LockedDelivery): void {
  if (state !== "blocked" && state !== "queued") return;
  const why = state === "blocked" ? "another target of the same event" : "an earlier delivery with the same key";
  throw new InterposeError(
    "delivery_in_line",
    `The delivery "${id}" waits for ${why}, and is made after that. Redeliver or cancel what it waits for.`,
  );
}
