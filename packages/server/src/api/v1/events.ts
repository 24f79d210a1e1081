import type { JsonObject, MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { InterposeError } from "@interpose/engine";
import {
  EventService,
  EventTypeKind as ProtoKind,
  type EventSchema,
  type EventTypeSchema,
  type NewEvent as ProtoNewEvent,
} from "@interpose/protocol/gen/interpose/v1/event_service_pb";
import type { Call } from "../../call.ts";
import { declareEventType } from "../../commands/declare-event-type.ts";
import { deleteEventType } from "../../commands/delete-event-type.ts";
import type { NewEvent } from "../../events/new-event.ts";
import { isOwnEventType, OWN_EVENT_TYPES } from "../../events/own-events.ts";
import type { Publication, Publisher } from "../../events/publisher.ts";
import type { AppendedEvent } from "../../store/sql/events-to-append.ts";
import type { EventRow } from "../../store/sql/event-row.ts";
import { idsOfTimes } from "../../store/sql/ids-of-times.ts";
import { listEvents } from "../../store/sql/list-events.ts";
import { listEventTypes, type EventTypeKind, type KnownEventType } from "../../store/sql/list-event-types.ts";
import { selectEvent } from "../../store/sql/select-event.ts";
import type { ApiContext } from "../context.ts";
import { DEFAULT_PAGE_SIZE, pageOf, readPageToken } from "../page-token.ts";
import { apiService, type ApiService } from "../service.ts";
import { hiddenFrom } from "./hidden-events.ts";
import { createEventWatch } from "./watch-events.ts";

/** What the service needs beside the context of all. */
export interface EventServiceOptions {
  readonly publisher: Publisher;
  /** Types that the settings declare. */
  readonly declared: readonly string[];
}

/** The service `interpose.v1.EventService`. */
export function eventServiceV1(api: ApiContext, { publisher, declared }: EventServiceOptions): ApiService {
  const publish = (
    events: readonly ProtoNewEvent[],
    call: Call,
    fieldOf: Publication["fieldOf"],
  ): Promise<readonly AppendedEvent[]> => {
    const { creator, depth } = api.commandContext(call);
    return publisher.publish(events.map(eventFromProto), { creator, depth, fieldOf });
  };

  return apiService(EventService, {
    async publishEvent({ event }, call) {
      const [place] = await publish(event ? [event] : [], call, () => "event");
      if (!place) throw new Error("a published event came back without its place");
      return placeToProto(place);
    },

    async publishEvents({ events }, call) {
      return { events: (await publish(events, call, (i) => `events[${i}]`)).map(placeToProto) };
    },

    async getEvent({ id }, call) {
      const event = isPosition(id) ? await selectEvent(api.database, call.instanceId, BigInt(id)) : undefined;
      if (!event || hiddenFrom(call.caller).includes(event.aggregateType)) {
        throw new InterposeError(
          "event_not_found",
          `There is no event "${id}", or none that the caller may read. List the events to see their ids.`,
        );
      }
      return { event: eventToProto(event) };
    },

    async listEvents({ pageSize, pageToken, type, aggregateType, aggregateId, startTime, endTime }, call) {
      const size = pageSize === 0 ? DEFAULT_PAGE_SIZE : pageSize;
      const [before] = readPageToken(pageToken, POSITION) ?? [];
      const [from, to] = [dateFrom(startTime, "start_time"), dateFrom(endTime, "end_time")];
      // One more than asked for tells whether there is another page.
      const rows = await listEvents(api.database, call.instanceId, {
        limit: size + 1,
        before: before === undefined ? undefined : BigInt(before),
        type: type || undefined,
        aggregateType: aggregateType || undefined,
        aggregateId: aggregateId || undefined,
        from,
        to,
        positions: await idsOfTimes(api.database, "events", { from, before: to }),
        without: hiddenFrom(call.caller),
      });
      const { page, nextPageToken } = pageOf(rows, size, ({ position }) => String(position));
      return { events: page.map(eventToProto), nextPageToken };
    },

    watchEvents: createEventWatch(api.database),

    async listEventTypes({ pageSize, pageToken }, call) {
      const size = pageSize === 0 ? DEFAULT_PAGE_SIZE : pageSize;
      const [after] = readPageToken(pageToken, /^[^\0]{1,400}$/) ?? [];
      const page = { own: OWN_EVENT_TYPES, declared, limit: size + 1, after };
      const rows = await listEventTypes(api.database, call.instanceId, page);
      const { page: types, nextPageToken } = pageOf(rows, size, ({ type }) => type);
      return { eventTypes: types.map(eventTypeToProto), nextPageToken };
    },

    async declareEventType({ type, description }, call) {
      const row = await declareEventType(api.commandContext(call), type, description);
      return { eventType: eventTypeToProto({ ...row, kind: "declared" }) };
    },

    async deleteEventType({ type }, call) {
      if (isOwnEventType(type) || declared.includes(type)) throw fixed(type);
      await deleteEventType(api.commandContext(call), type);
      return {};
    },
  });
}

const POSITION = /^\d{1,18}$/;

/** Positions have 64 bits; what has more digits is none. */
function isPosition(text: string): boolean {
  return POSITION.test(text);
}

function fixed(type: string): InterposeError {
  const why = isOwnEventType(type)
    ? "is a type of Interpose's own events"
    : "is declared in the settings (events.declared). Take it out there";
  return new InterposeError("event_type_fixed", `type "${type}" ${why}. It is not forgotten by this call.`);
}

/** The years 1 and 9999, which a `google.protobuf.Timestamp` lies within, in seconds since 1970. */
const TIMES = { first: -62_135_596_800n, last: 253_402_300_799n };

function dateFrom(time: Timestamp | undefined, field: string): Date | undefined {
  if (!time) return undefined;
  if (time.seconds >= TIMES.first && time.seconds <= TIMES.last) return timestampDate(time);
  const description = "is no time of the years 1 to 9999.";
  throw new InterposeError("bad_request", `${field} ${description}`, { violations: [{ field, description }] });
}

function eventFromProto(event: ProtoNewEvent): NewEvent {
  const { type, aggregateType, aggregateId, payload, resourceOwner, userId, version, idempotencyKey } = event;
  return { type, aggregateType, aggregateId, payload, resourceOwner, userId, version, idempotencyKey };
}

/** The fields of a `PublishedEvent`, and of the answer to one event alone. */
function placeToProto({ position, sequence, createdAt, repeated }: AppendedEvent): {
  readonly id: string;
  readonly sequence: bigint;
  readonly createTime: Timestamp;
  readonly repeated: boolean;
} {
  return { id: String(position), sequence, createTime: timestampFromDate(createdAt), repeated };
}

function eventToProto(row: EventRow): MessageInitShape<typeof EventSchema> {
  return {
    id: String(row.position),
    sequence: row.sequence,
    type: row.type,
    aggregateType: row.aggregateType,
    aggregateId: row.aggregateId,
    payload: row.payload as JsonObject,
    resourceOwner: row.resourceOwner ?? "",
    userId: row.creator,
    version: row.version,
    idempotencyKey: row.idempotencyKey ?? "",
    depth: row.depth,
    createTime: timestampFromDate(row.createdAt),
  };
}

const KINDS: Readonly<Record<EventTypeKind, ProtoKind>> = {
  own: ProtoKind.OWN,
  declared: ProtoKind.DECLARED,
  learned: ProtoKind.LEARNED,
};

function eventTypeToProto(row: KnownEventType): MessageInitShape<typeof EventTypeSchema> {
  return {
    type: row.type,
    kind: KINDS[row.kind],
    description: row.description,
    ...(row.declaredAt && { declareTime: timestampFromDate(row.declaredAt) }),
    ...(row.firstPublishedAt && { firstPublishTime: timestampFromDate(row.firstPublishedAt) }),
  };
}
