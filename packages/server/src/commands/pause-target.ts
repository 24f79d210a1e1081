import { InterposeError } from "@interpose/engine";
import { lockQueue } from "../store/sql/lock-queue.ts";
import { notifyQueues } from "../store/sql/notify-queues.ts";
import { pauseQueue } from "../store/sql/pause-queue.ts";
import { resumeQueue } from "../store/sql/resume-queue.ts";
import { selectTarget } from "../store/sql/select-target.ts";
import { appendOne, write, type CommandContext, type Write } from "./context.ts";

/**
 * Holds the deliveries to a target until it is resumed, whoever paused it before. When that is so already, for the same reason, no event is added.
 * Throws `target_not_found`.
 */
export async function pauseTarget(context: CommandContext, id: string, reason: string): Promise<void> {
  await write(context, async (command) => {
    await refuseUnknown(command, context, id);
    const { pausedBy, pauseReason } = await lockQueue(command.tx, context.instanceId, id);
    if (pausedBy === "operator" && pauseReason === reason) return;
    await appendOne(command, { aggregateType: "target", aggregateId: id, type: "target.paused", payload: { reason } });
    await pauseQueue(command.tx, context.instanceId, id, reason);
    await notifyQueues(command.tx, [id]);
  });
}

/** Lets the deliveries to a target go on, whatever holds them. When nothing does, no event is added. Throws `target_not_found`. */
export async function resumeTarget(context: CommandContext, id: string, reason: string): Promise<void> {
  await write(context, async (command) => {
    await refuseUnknown(command, context, id);
    const { pausedAt, slowedUntil, breakerOpenedAt } = await lockQueue(command.tx, context.instanceId, id);
    if (!pausedAt && !slowedUntil && !breakerOpenedAt) return;
    await appendOne(command, { aggregateType: "target", aggregateId: id, type: "target.resumed", payload: { reason } });
    await resumeQueue(command.tx, context.instanceId, id);
    await notifyQueues(command.tx, [id]);
  });
}

async function refuseUnknown({ tx }: Write, { instanceId }: CommandContext, id: string): Promise<void> {
  if (await selectTarget(tx, instanceId, id)) return;
  throw new InterposeError("target_not_found", `There is no target "${id}". List the targets to see their ids.`);
}
