import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { DeliveryState, type DeliverySchema } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import type { ShownState } from "../../../store/sql/delivery-filter.ts";
import type { DeliveryRow } from "../../../store/sql/delivery-row.ts";

const LARGEST_ID = 2n ** 63n - 1n;

/** A text as the id of a delivery. Undefined: no delivery can have it. */
export function deliveryIdFromText(text: string): bigint | undefined {
  if (!/^[1-9]\d{0,18}$/.test(text)) return undefined;
  const id = BigInt(text);
  return id <= LARGEST_ID ? id : undefined;
}

/** States by their names in the API. */
export const STATES: Readonly<Record<ShownState, DeliveryState>> = {
  blocked: DeliveryState.BLOCKED,
  queued: DeliveryState.QUEUED,
  waiting: DeliveryState.WAITING,
  running: DeliveryState.RUNNING,
  held: DeliveryState.HELD,
  succeeded: DeliveryState.SUCCEEDED,
  dead: DeliveryState.DEAD,
  cancelled: DeliveryState.CANCELLED,
  skipped: DeliveryState.SKIPPED,
};

/** A delivery as the API shows it. */
export function deliveryToProto(row: DeliveryRow): MessageInitShape<typeof DeliverySchema> {
  return {
    id: String(row.id),
    state: STATES[row.state],
    ...(row.eventPosition !== null && {
      event: {
        position: row.eventPosition,
        type: row.eventType,
        aggregateType: row.aggregateType,
        aggregateId: row.aggregateId,
        sequence: row.sequence,
        createTime: timestampFromDate(row.eventCreatedAt),
      },
    }),
    executionId: row.executionId,
    place: row.place,
    targetId: row.targetId,
    targetName: row.targetName ?? "",
    fifoKey: row.fifoKey ?? "",
    attemptCount: row.attempts,
    ...(row.dueAt && { nextAttemptTime: timestampFromDate(row.dueAt) }),
    ...(row.claimedAt && { runningSince: timestampFromDate(row.claimedAt) }),
    reason: row.reason ?? "",
    replayOf: row.replayOf === null ? "" : String(row.replayOf),
    createTime: timestampFromDate(row.createdAt),
    ...(row.endedAt && { endTime: timestampFromDate(row.endedAt) }),
  };
}
