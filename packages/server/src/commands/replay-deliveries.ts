import { notifyQueues } from "../store/sql/notify-queues.ts";
import { replayDeliveries as replayRows } from "../store/sql/replay-deliveries.ts";
import type { CommandContext } from "./context.ts";

/** Makes new deliveries of old ones, in one transaction, and answers how many. Those whose target or event is gone are passed over. */
export function replayDeliveries({ database, instanceId }: CommandContext, ids: readonly bigint[]): Promise<number> {
  return database.transaction(async (tx) => {
    const made = await replayRows(tx, instanceId, ids);
    await notifyQueues(
      tx,
      made.map(({ targetId }) => targetId),
    );
    return made.length;
  });
}
