import { setTimeout } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  WatchDeliveriesRequest,
  WatchDeliveriesResponseSchema,
} from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import type { Call } from "../../../call.ts";
import type { Queryable } from "../../../store/database.ts";
import { selectDeliveries } from "../../../store/sql/select-deliveries.ts";
import { placesOfWatchers } from "../places.ts";
import { followDeliveries } from "./changes.ts";
import { deliveryToProto } from "./delivery.ts";
import { filterFromProto } from "./filter.ts";

/** Deliveries that are read by one statement. */
const READ_AT_ONCE = 500;
const LOOK_EVERY_MS = 250;
/** So that who reads, and whatever stands between, knows that the stream lives. */
const SIGN_OF_LIFE_MS = 15_000;

type Answer = MessageInitShape<typeof WatchDeliveriesResponseSchema>;

/** Makes the handler that follows deliveries. */
export function createWatch(db: Queryable): (request: WatchDeliveriesRequest, call: Call) => AsyncGenerator<Answer> {
  const takePlace = placesOfWatchers("deliveries");

  async function* watch(request: WatchDeliveriesRequest, { instanceId, signal }: Call): AsyncGenerator<Answer> {
    const filter = filterFromProto(request);
    const leave = takePlace();
    try {
      const changes = await followDeliveries(db, instanceId, filter);
      yield {};
      for (let sentAt = performance.now(); !signal.aborted;) {
        const { ids, isBehind } = await changes.look();
        for (let at = 0; at < ids.length; at += READ_AT_ONCE) {
          // Read when it is asked for, so that a slow reader is told how things are.
          for (const row of await selectDeliveries(db, instanceId, ids.slice(at, at + READ_AT_ONCE))) {
            if (filter.states.length > 0 && !filter.states.includes(row.state)) continue;
            yield { delivery: deliveryToProto(row) };
            sentAt = performance.now();
          }
        }
        if (performance.now() - sentAt >= SIGN_OF_LIFE_MS) {
          yield {};
          sentAt = performance.now();
        }
        if (!isBehind) await setTimeout(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
      }
    } finally {
      leave();
    }
  }
  return watch;
}
