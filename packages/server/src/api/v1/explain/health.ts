import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TargetHealthSchema } from "@interpose/protocol/gen/interpose/v1/explain_service_pb";
import type { Queryable } from "../../../store/database.ts";
import { countQueues, type CountedQueue } from "../../../store/sql/count-queues.ts";
import type { QueueHoldRow } from "../../../store/sql/queue-hold-row.ts";
import { callsOnRecord, type TargetCalls } from "./calls-on-record.ts";

/** Up to what the deliveries of a target are counted. */
const MOST_COUNTED = 1_000;

/** What may be told of targets, and by whom it is known. */
export interface HealthParts {
  readonly database: Queryable;
  readonly instanceId: string;
  readonly permissions: ReadonlySet<string>;
}

/** How targets do, by their ids: how their calls went, and how their queues stand, as far as the permissions allow to know. */
export async function healthOf(
  targetIds: readonly string[],
  { database, instanceId, permissions }: HealthParts,
): Promise<ReadonlyMap<string, MessageInitShape<typeof TargetHealthSchema>>> {
  if (targetIds.length === 0) return new Map();
  const [queues, calls] = await Promise.all([
    // One more than are counted tells whether there are more.
    permissions.has("delivery.read") ? countQueues(database, instanceId, MOST_COUNTED + 1, targetIds) : [],
    permissions.has("run.read") ? callsOnRecord(database, instanceId, Date.now()) : new Map<string, TargetCalls>(),
  ]);
  const queueOf = new Map(queues.map((queue) => [queue.targetId, queue]));
  return new Map(
    targetIds.map((id) => {
      const queue = queueOf.get(id);
      const { callCount = 0n, failedCallCount = 0n, p50Ms, lastFailure = "" } = calls.get(id) ?? {};
      return [
        id,
        {
          callCount,
          failedCallCount,
          ...(p50Ms !== undefined && { p50Ms }),
          lastFailure,
          ...(queue && queueToProto(queue)),
        },
      ];
    }),
  );
}

function queueToProto(
  queue: CountedQueue,
): Pick<MessageInitShape<typeof TargetHealthSchema>, "heldBy" | "waitingCount" | "hasMoreWaiting"> {
  return {
    heldBy: heldBy(queue),
    waitingCount: BigInt(Math.min(queue.waiting, MOST_COUNTED)),
    hasMoreWaiting: queue.waiting > MOST_COUNTED,
  };
}

const PAUSED_BY: Readonly<Record<NonNullable<QueueHoldRow["pausedBy"]>, string>> = {
  operator: "by_hand",
  target: "gone",
  loop: "loop",
};

/** What holds a queue, or slows it; of several things the one that lasts longest. */
function heldBy({ pausedAt, pausedBy, breakerOpenedAt, slowedUntil }: QueueHoldRow): string {
  if (pausedAt && pausedBy) return PAUSED_BY[pausedBy];
  if (breakerOpenedAt) return "breaker";
  return slowedUntil ? "slowed" : "";
}
