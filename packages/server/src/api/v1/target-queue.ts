import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  PausedBy,
  QueueState,
  type DeliveryCountSchema,
  type TargetQueue,
  type TargetQueueSchema,
} from "@interpose/protocol/gen/interpose/v1/target_service_pb";
import type { Queryable } from "../../store/database.ts";
import { countQueue } from "../../store/sql/count-queue.ts";
import type { QueueHoldRow } from "../../store/sql/queue-hold-row.ts";
import { selectQueue } from "../../store/sql/select-queue.ts";
import { existingTarget } from "../existing-target.ts";

/** Up to what deliveries are counted. */
const MOST_COUNTED = 100_000;

/** How deliveries to a target stand, as the API shows it. Throws `target_not_found`. */
export async function targetQueue(
  db: Queryable,
  instanceId: string,
  targetId: string,
): Promise<MessageInitShape<typeof TargetQueueSchema>> {
  await existingTarget(db, instanceId, targetId);
  const queue = await selectQueue(db, instanceId, targetId);
  // One more than are counted tells whether there are more.
  const counts = await countQueue(db, instanceId, targetId, MOST_COUNTED + 1);
  return {
    targetId,
    ...stateOf(queue),
    waiting: countToProto(counts.waiting),
    blocked: countToProto(counts.blocked),
    queued: countToProto(counts.queued),
    dead: countToProto(counts.dead),
    runningCount: counts.running,
    ...(counts.oldestWaitingAt && { oldestWaitingTime: timestampFromDate(counts.oldestWaitingAt) }),
  };
}

const PAUSED_BY: Readonly<Record<NonNullable<QueueHoldRow["pausedBy"]>, PausedBy>> = {
  operator: PausedBy.OPERATOR,
  target: PausedBy.TARGET,
  loop: PausedBy.LOOP,
};

/** What holds a queue; of several things the one that lasts longest. */
function stateOf(
  queue: QueueHoldRow | undefined,
): Pick<TargetQueue, "state"> & Partial<Pick<TargetQueue, "since" | "pausedBy" | "reason" | "until">> {
  if (!queue) return { state: QueueState.ACTIVE };
  const { pausedAt, pausedBy, pauseReason, breakerOpenedAt, breakerProbeAt, slowedUntil } = queue;
  if (pausedAt && pausedBy) {
    const since = timestampFromDate(pausedAt);
    return { state: QueueState.PAUSED, since, pausedBy: PAUSED_BY[pausedBy], reason: pauseReason ?? "" };
  }
  if (breakerOpenedAt) {
    const since = timestampFromDate(breakerOpenedAt);
    return {
      state: QueueState.BROKEN,
      since,
      ...(breakerProbeAt && { until: timestampFromDate(breakerProbeAt) }),
    };
  }
  return slowedUntil
    ? { state: QueueState.SLOWED, until: timestampFromDate(slowedUntil) }
    : { state: QueueState.ACTIVE };
}

function countToProto(count: number): MessageInitShape<typeof DeliveryCountSchema> {
  return { count: Math.min(count, MOST_COUNTED), hasMore: count > MOST_COUNTED };
}
