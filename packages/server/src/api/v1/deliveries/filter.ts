import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { InterposeError } from "@interpose/engine";
import type { DeliveryFilter as ProtoFilter } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import type { Queryable } from "../../../store/database.ts";
import type { DeliveryFilter, ShownState } from "../../../store/sql/delivery-filter.ts";
import { idsOfTimes } from "../../../store/sql/ids-of-times.ts";
import { deliveryIdFromText, STATES } from "./delivery.ts";

/** The fields of a filter, which stand in a message of their own or among those of a request. */
export type FilterFields = Omit<ProtoFilter, "$typeName" | "$unknown" | "deliveryIds"> &
  Partial<Pick<ProtoFilter, "deliveryIds">>;

/** A filter as it was sent. Throws `bad_request` where a field can mean nothing. */
export function filterFromProto(fields: FilterFields, prefix = ""): DeliveryFilter {
  const { states, replayOf, createdAfter, createdBefore, deliveryIds = [] } = fields;
  return {
    states: states.flatMap((state) => SHOWN.get(state) ?? []),
    targetId: given(fields.targetId),
    executionId: given(fields.executionId),
    eventType: given(fields.eventType),
    aggregateType: given(fields.aggregateType),
    aggregateId: given(fields.aggregateId),
    eventPosition: fields.eventPosition === 0n ? undefined : fields.eventPosition,
    replayOf: replayOf === "" ? undefined : deliveryId(replayOf, `${prefix}replay_of`),
    createdAfter: createdAfter && timeOf(createdAfter, `${prefix}created_after`),
    createdBefore: createdBefore && timeOf(createdBefore, `${prefix}created_before`),
    among:
      deliveryIds.length === 0 ? undefined : deliveryIds.map((id, i) => deliveryId(id, `${prefix}delivery_ids[${i}]`)),
  };
}

/** A filter whose times are turned into bounds of ids as well, by which deliveries are found fast. */
export async function withIdsOfTimes(db: Queryable, filter: DeliveryFilter): Promise<DeliveryFilter> {
  const { createdAfter: from, createdBefore: before } = filter;
  return { ...filter, ids: await idsOfTimes(db, "deliveries", { from, before }) };
}

const SHOWN = new Map(Object.entries(STATES).map(([shown, state]) => [state, shown as ShownState]));

function given(text: string): string | undefined {
  return text === "" ? undefined : text;
}

function timeOf(timestamp: Timestamp, field: string): Date {
  const time = timestampDate(timestamp);
  if (!Number.isNaN(time.getTime())) return time;
  const description = "is no time. Give one of the years from 1 to 9999.";
  throw new InterposeError("bad_request", `${field} ${description}`, { violations: [{ field, description }] });
}

function deliveryId(text: string, field: string): bigint {
  const id = deliveryIdFromText(text);
  if (id !== undefined) return id;
  const description = `"${text}" is the id of no delivery. Ids are whole numbers.`;
  throw new InterposeError("bad_request", `${field}: ${description}`, { violations: [{ field, description }] });
}
