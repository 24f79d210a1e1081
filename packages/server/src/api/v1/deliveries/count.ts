import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  DeliveryState,
  type CountDeliveriesResponseSchema,
  type DeliveryStateCountSchema,
} from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import type { Queryable } from "../../../store/database.ts";
import { countQueues, type CountedQueue } from "../../../store/sql/count-queues.ts";
import { countSetAside } from "../../../store/sql/count-set-aside.ts";
import { estimateDeliveries } from "../../../store/sql/estimate-deliveries.ts";
import { selectTargetNames } from "../../../store/sql/select-target-names.ts";

/** Up to what deliveries of a state are counted. */
const MOST_OF_STATE = 10_000;
/** Up to what those of a target are. */
const MOST_OF_TARGET = 1_000;
/** Most targets that are answered. */
const MOST_TARGETS = 50;

/** Counts deliveries by state and by target. */
export async function countDeliveries(
  db: Queryable,
  instanceId: string,
): Promise<MessageInitShape<typeof CountDeliveriesResponseSchema>> {
  // One more than are counted tells whether there are more.
  const [setAside, queues, all] = await Promise.all([
    countSetAside(db, instanceId, MOST_OF_STATE + 1),
    countQueues(db, instanceId, MOST_OF_TARGET + 1),
    estimateDeliveries(db),
  ]);
  const targets = queues
    .map(ofTarget)
    .sort((a, b) => b.dead - a.dead || b.waiting + b.held - (a.waiting + a.held))
    .slice(0, MOST_TARGETS);
  const names = await selectTargetNames(
    db,
    instanceId,
    targets.map(({ targetId }) => targetId),
  );
  const states = [
    counted(DeliveryState.BLOCKED, setAside.blocked),
    counted(DeliveryState.QUEUED, setAside.queued),
    ...formsOfWaiting(queues),
    counted(DeliveryState.DEAD, setAside.dead),
    counted(DeliveryState.CANCELLED, setAside.cancelled),
    counted(DeliveryState.SKIPPED, setAside.skipped),
  ];
  const others = states.reduce((sum, { count }) => sum + Number(count), 0);
  const succeeded = { state: DeliveryState.SUCCEEDED, count: BigInt(Math.max(0, all - others)), isEstimate: true };
  return {
    states: [...states, succeeded].sort((a, b) => a.state - b.state),
    targets: targets.map(({ targetId, waiting, held, dead }) => ({
      targetId,
      targetName: names.get(targetId) ?? "",
      waitingCount: BigInt(Math.min(waiting, MOST_OF_TARGET)),
      heldCount: BigInt(Math.min(held, MOST_OF_TARGET)),
      deadCount: BigInt(Math.min(dead, MOST_OF_TARGET)),
      hasMoreWaiting: waiting + held > MOST_OF_TARGET,
      hasMoreDead: dead > MOST_OF_TARGET,
    })),
  };
}

type StateCount = MessageInitShape<typeof DeliveryStateCountSchema> & {
  readonly state: DeliveryState;
  readonly count: bigint;
};

function counted(state: DeliveryState, count: number): StateCount {
  return { state, count: BigInt(Math.min(count, MOST_OF_STATE)), hasMore: count > MOST_OF_STATE };
}

interface TargetCount {
  readonly targetId: string;
  readonly waiting: number;
  readonly held: number;
  readonly running: number;
  readonly dead: number;
}

/** What is being attempted is so whether its queue is held or not. */
function ofTarget({ targetId, waiting, running, dead, ...queue }: CountedQueue): TargetCount {
  const isHeld = queue.pausedAt !== null || queue.breakerOpenedAt !== null;
  return { targetId, dead, running, waiting: isHeld ? 0 : waiting, held: isHeld ? waiting - running : 0 };
}

/** WAITING, RUNNING and HELD, as sums over the queues. */
function formsOfWaiting(queues: readonly CountedQueue[]): readonly StateCount[] {
  const hasMore = queues.some(({ waiting }) => waiting > MOST_OF_TARGET);
  const sum = (of: (target: TargetCount) => number): bigint =>
    BigInt(queues.map(ofTarget).reduce((total, target) => total + Math.min(of(target), MOST_OF_TARGET), 0));
  return [
    { state: DeliveryState.WAITING, count: sum(({ waiting, running }) => Math.max(0, waiting - running)), hasMore },
    { state: DeliveryState.RUNNING, count: sum(({ running }) => running), hasMore },
    { state: DeliveryState.HELD, count: sum(({ held }) => held), hasMore },
  ];
}
