import {
  AttemptDecision,
  type Attempt,
  type Delivery,
  type GetDeliveryResponse,
} from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import { printable, table } from "../output.ts";
import { readableMs, readableTime } from "../readable.ts";
import { stateName } from "./filter.ts";

const LONGEST_EXCERPT = 500;

/** Headings of what `deliveryRow()` answers. */
export const DELIVERY_HEADINGS = ["ID", "STATE", "EVENT", "AGGREGATE", "TARGET", "ATTEMPTS", "NEXT OR END", "REASON"];

/** A delivery as a row of a table. */
export function deliveryRow(delivery: Delivery): readonly string[] {
  const { id, state, event, targetName, targetId, attemptCount, nextAttemptTime, endTime, reason } = delivery;
  return [
    id,
    stateName(state),
    event ? `${event.type} (${event.position})` : "(pruned)",
    event ? `${event.aggregateType}/${event.aggregateId} #${event.sequence}` : "",
    targetName === "" ? targetId : targetName,
    String(attemptCount),
    readableTime(endTime ?? nextAttemptTime),
    reason,
  ];
}

/** All that is known of one delivery, for people. */
export function describeDelivery({ delivery, attempts, payload }: GetDeliveryResponse): string {
  if (!delivery) return "";
  const { event } = delivery;
  const line = (title: string, text: string): readonly string[] =>
    text === "" ? [] : [`${title.padEnd(11)}${printable(text)}`];
  return [
    ...line("Delivery", delivery.id),
    ...line("State", stateName(delivery.state) + (delivery.reason === "" ? "" : `: ${delivery.reason}`)),
    ...line("Target", `${delivery.targetName === "" ? "(gone)" : delivery.targetName} (${delivery.targetId})`),
    ...line("Execution", `${delivery.executionId}, place ${delivery.place}`),
    ...line("In order by", delivery.fifoKey === "" ? "" : ` ${delivery.fifoKey}`),
    ...line("Replay of", delivery.replayOf),
    ...line("Created", readableTime(delivery.createTime)),
    ...line("Next", readableTime(delivery.nextAttemptTime)),
    ...line("Ended", readableTime(delivery.endTime)),
    ...(event
      ? line(
          "Event",
          `${event.type} (${event.position}), ${event.aggregateType}/${event.aggregateId} #${event.sequence}, ${readableTime(event.createTime)}`,
        )
      : line("Event", "pruned")),
    ...(payload ? [JSON.stringify(payload, undefined, 2)] : []),
    "",
    attempts.length === 0 ? "There were no attempts." : describeAttempts(attempts),
  ].join("\n");
}

function describeAttempts(attempts: readonly Attempt[]): string {
  const rows = attempts.map((attempt) => [
    String(attempt.number),
    readableTime(attempt.beginTime),
    attempt.status === undefined ? "" : String(attempt.status),
    attempt.durationMs === undefined ? "" : readableMs(attempt.durationMs),
    AttemptDecision[attempt.decision].toLowerCase(),
    [attempt.failure, attempt.detail].filter((text) => text !== "").join(": "),
    attempt.url,
  ]);
  const list = table(["#", "BEGAN", "STATUS", "TOOK", "THEN", "FAILURE", "URL"], rows, "");
  const replies = attempts.flatMap(({ number, reply }) => {
    const text =
      reply.case === "replyText" ? reply.value : reply.case === "replyBytes" ? `${reply.value.length} bytes` : "";
    return text === "" ? [] : [`Reply to ${number}: ${printable(excerpt(text))}`];
  });
  return [list, ...(replies.length > 0 ? ["", ...replies] : [])].join("\n");
}

function excerpt(text: string): string {
  return text.length > LONGEST_EXCERPT
    ? `${text.slice(0, LONGEST_EXCERPT)}… (${text.length} characters; --json shows more)`
    : text;
}
