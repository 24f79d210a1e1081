import { setTimeout } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { InterposeError } from "@interpose/engine";
import type {
  WatchDeliveriesRequest,
  WatchDeliveriesResponseSchema,
} from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import type { Call } from "../../../call.ts";
import type { Queryable } from "../../../store/database.ts";
import { selectDeliveries } from "../../../store/sql/select-deliveries.ts";
import { followDeliveries } from "./changes.ts";
import { deliveryToProto } from "./delivery.ts";
import { filterFromProto } from "./filter.ts";

/** Deliveries that are read by one statement. */
const READ_AT_ONCE = 500;
const LOOK_EVERY_MS = 250;
/** So that who reads, and whatever stands between, knows that the stream lives. */
const SIGN_OF_LIFE_MS = 15_000;
/** Most streams on one server: each looks at the store four times a second. */
const MOST_WATCHERS = 20;

type Answer = MessageInitShape<typeof WatchDeliveriesResponseSchema>;

/** Makes the handler that follows deliveries. */
export function createWatch(db: Queryable): (request: WatchDeliveriesRequest, call: Call) => AsyncGenerator<Answer> {
  let watchers = 0;

  async function* watch(request: WatchDeliveriesRequest, { instanceId, signal }: Call): AsyncGenerator<Answer> {
    const filter = filterFromProto(request);
    if (watchers >= MOST_WATCHERS) {
      const text = `${MOST_WATCHERS} others follow deliveries on this server, which is as many as may. Try again later, or list deliveries.`;
      throw new InterposeError("too_many_watchers", text);
    }
    watchers++;
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
      watchers--;
    }
  }
  return watch;
}
