import { setTimeout } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { InterposeError } from "@interpose/engine";
import type {
  WatchEventsRequest,
  WatchEventsResponseSchema,
} from "@interpose/protocol/gen/interpose/v1/event_service_pb";
import type { Caller } from "../../access/caller.ts";
import type { Call } from "../../call.ts";
import { eventBody } from "../../deliveries/payload.ts";
import { createLogFollower } from "../../events/log-follower.ts";
import type { Queryable } from "../../store/database.ts";
import type { LogFilter } from "../../store/sql/log-filter.ts";
import { countLogPlaces, readLogEnd, readLoggedEvents, type LoggedEvent } from "../../store/sql/read-log.ts";
import { hiddenFrom } from "./hidden-events.ts";
import { placesOfWatchers } from "./places.ts";

/** Events that are read by one statement: of the largest payloads, some MiB. */
const READ_AT_ONCE = 16;
/** A look reads the primary key from one place on, which costs as good as nothing. To be told by each who appends would make their commits wait for each other. */
const LOOK_EVERY_MS = 100;
/** So that who reads notices soon that a connection is dead. */
const SIGN_OF_LIFE_MS = 5_000;
/** Places that are looked at to count what waits. */
const MOST_COUNTED = 100_000;

type Answer = MessageInitShape<typeof WatchEventsResponseSchema>;

/** Makes the handler that follows the log. */
export function createEventWatch(db: Queryable): (request: WatchEventsRequest, call: Call) => AsyncGenerator<Answer> {
  const takePlace = placesOfWatchers("events");

  async function* watch(request: WatchEventsRequest, { instanceId, caller, signal }: Call): AsyncGenerator<Answer> {
    const leave = takePlace();
    try {
      const { after } = request;
      const filter = filterFromProto(request, caller);
      if (after !== undefined) await checkPlace(db, after);
      const follower = createLogFollower(db, instanceId, { after, filter });
      let sentAt = performance.now();
      const isQuiet = (): boolean => performance.now() - sentAt >= SIGN_OF_LIFE_MS;
      const rest = (): Promise<unknown> =>
        setTimeout(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);

      let position = await follower.begin();
      for (; position === undefined && !signal.aborted; position = await follower.begin()) {
        if (isQuiet()) {
          yield {};
          sentAt = performance.now();
        }
        await rest();
      }
      if (position === undefined) return;
      const waiting =
        after === undefined ? undefined : await countLogPlaces(db, instanceId, { after, limit: MOST_COUNTED, filter });
      yield { position, instanceId, waitingCount: waiting?.count ?? 0, hasMoreWaiting: waiting?.hasMore ?? false };
      sentAt = performance.now();

      while (!signal.aborted) {
        const { found, position: reached, isBehind } = await follower.look();
        for (let at = 0; at < found.length; at += READ_AT_ONCE) {
          for (const event of await readLoggedEvents(db, found.slice(at, at + READ_AT_ONCE))) {
            yield {
              event: placeToProto(event),
              body: eventBody(event, instanceId).toString(),
              position: event.position,
            };
            sentAt = performance.now();
          }
        }
        if (isQuiet()) {
          yield { position: reached };
          sentAt = performance.now();
        }
        if (!isBehind) await rest();
      }
    } finally {
      leave();
    }
  }
  return watch;
}

/** A place that was never given to an event is of another log, or of one that was restored from a backup: what comes next would be left out. */
async function checkPlace(db: Queryable, after: bigint): Promise<void> {
  const { given } = await readLogEnd(db);
  if (after <= given) return;
  const description = `${after} lies behind the end of the log, which is ${given}. Was its database replaced, or restored from a backup?`;
  throw new InterposeError("bad_request", `after: ${description}`, { violations: [{ field: "after", description }] });
}

function filterFromProto({ types, targetId, executionId }: WatchEventsRequest, caller: Caller): LogFilter {
  const isGroup = (type: string): boolean => type.endsWith(".*");
  return {
    types: types.filter((type) => !isGroup(type)),
    groups: types.filter(isGroup).map((type) => type.slice(0, -2)),
    targetId: targetId === "" ? undefined : targetId,
    executionId: executionId === "" ? undefined : executionId,
    without: hiddenFrom(caller),
  };
}

function placeToProto({
  position,
  eventType,
  aggregateType,
  aggregateId,
  sequence,
  createdAt,
}: LoggedEvent): Answer["event"] {
  const createTime = timestampFromDate(createdAt);
  return { position, type: eventType, aggregateType, aggregateId, sequence, createTime };
}
