import { toJson } from "@bufbuild/protobuf";
import { createClient, type Client } from "@connectrpc/connect";
import type { Command } from "commander";
import {
  PausedBy,
  QueueState,
  TargetQueueSchema,
  TargetService,
  type DeliveryCount,
  type TargetQueue,
} from "@interpose/protocol/gen/interpose/v1/target_service_pb";
import type { CommandTools } from "../command-tools.ts";
import { printable } from "../output.ts";
import { readableTime } from "../readable.ts";

/** Adds `targets queue|pause|resume`. */
export function addQueue(targets: Command, toolsOf: (command: Command) => CommandTools): void {
  const add = (
    name: string,
    description: string,
    act: (
      client: Client<typeof TargetService>,
      targetId: string,
      reason: string,
    ) => Promise<{ readonly queue?: TargetQueue | undefined }>,
  ): Command =>
    targets
      .command(`${name} <id>`)
      .description(description)
      .action(async (targetId: string, { reason = "" }: { readonly reason?: string }, command: Command) => {
        const { output, withServer } = toolsOf(command);
        const { queue } = await withServer((transport) =>
          act(createClient(TargetService, transport), targetId, reason),
        );
        if (queue) output.answer(toJson(TargetQueueSchema, queue), () => describeQueue(queue));
      });

  add("queue", "show how deliveries to a target stand as a whole", (client, targetId) =>
    client.getTargetQueue({ targetId }),
  ).addHelpText("after", "\nExample:\n  interpose targets queue 388913050531135488");
  add("pause", "hold all deliveries to a target until it is resumed", (client, targetId, reason) =>
    client.pauseTarget({ targetId, reason }),
  )
    .option("--reason <text>", "why, for people")
    .addHelpText("after", "\nExample:\n  interpose targets pause 388913050531135488 --reason maintenance");
  add("resume", "let deliveries to a target go on at once, whatever holds them", (client, targetId, reason) =>
    client.resumeTarget({ targetId, reason }),
  )
    .option("--reason <text>", "why, for people")
    .addHelpText("after", "\nExample:\n  interpose targets resume 388913050531135488");
}

function describeQueue(queue: TargetQueue): string {
  const { state, since, until, pausedBy, reason, runningCount, oldestWaitingTime } = queue;
  const by = pausedBy === PausedBy.UNSPECIFIED ? "" : ` by ${PausedBy[pausedBy].toLowerCase()}`;
  const counts = [
    `${countText(queue.waiting)} waiting`,
    `${runningCount} of them running`,
    `${countText(queue.blocked)} blocked`,
    `${countText(queue.queued)} queued`,
    `${countText(queue.dead)} dead`,
  ];
  return [
    `${QueueState[state].toLowerCase()}${by}${since ? ` since ${readableTime(since)}` : ""}${until ? ` until ${readableTime(until)}` : ""}${reason === "" ? "" : `: ${printable(reason)}`}`,
    counts.join(", "),
    ...(oldestWaitingTime ? [`The oldest that waits was created at ${readableTime(oldestWaitingTime)}.`] : []),
  ].join("\n");
}

function countText(count: DeliveryCount | undefined): string {
  return `${count?.count ?? 0}${count?.hasMore ? " or more" : ""}`;
}
