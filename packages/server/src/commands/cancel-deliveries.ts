import { InterposeError } from "@interpose/engine";
import { cancelWithin, settleCancelled, type Canceller } from "../deliveries/cancelling.ts";
import { lockDelivery } from "../store/sql/lock-delivery.ts";
import type { CommandContext } from "./context.ts";
import { deliveryNotFound } from "./delivery-errors.ts";

/** Why a delivery ended that was cancelled by an order. */
const BY_HAND = "by_hand";

/** Cancels one delivery. One that is cancelled already stays so. Throws `delivery_not_found` or `delivery_over`. */
export async function cancelDelivery({ database, instanceId }: CommandContext, id: bigint): Promise<void> {
  const canceller = byHand(instanceId);
  const cancelled = await database.transaction(async (tx) => {
    const locked = await lockDelivery(tx, instanceId, id);
    if (!locked) throw deliveryNotFound(String(id));
    if (locked.state === "cancelled") return [];
    const { deliveries } = await cancelWithin(tx, canceller, [id], BY_HAND);
    if (deliveries.length > 0) return deliveries;
    throw new InterposeError(
      "delivery_over",
      `The delivery "${id}" is ${locked.state}, and cannot be cancelled. Only one that is not over can be.`,
    );
  });
  await settleCancelled(database, canceller, cancelled);
}

/** Cancels those of some deliveries that are not over, in one transaction, and answers how many. */
export async function cancelDeliveries(
  { database, instanceId }: CommandContext,
  ids: readonly bigint[],
): Promise<number> {
  const canceller = byHand(instanceId);
  const { deliveries } = await database.transaction((tx) => cancelWithin(tx, canceller, ids, BY_HAND));
  await settleCancelled(database, canceller, deliveries);
  return deliveries.length;
}

/** All owners of queues are told. */
function byHand(instanceId: string): Canceller {
  return { instanceId, workerId: "" };
}
