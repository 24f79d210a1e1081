import { setTimeout } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { WatchRunsRequest, WatchRunsResponseSchema } from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import type { Call } from "../../../call.ts";
import type { Queryable } from "../../../store/database.ts";
import { newestRunPosition, selectNewRuns } from "../../../store/sql/select-new-runs.ts";
import { createMissingIds } from "../missing-ids.ts";
import { placesOfWatchers } from "../places.ts";
import { filterFromProto } from "./filter.ts";
import { runToProto } from "./run.ts";

/** Runs that are read by one statement. */
const READ_AT_ONCE = 500;
const LOOK_EVERY_MS = 250;
/** So that who reads, and whatever stands between, knows that the stream lives. */
const SIGN_OF_LIFE_MS = 15_000;

type Answer = MessageInitShape<typeof WatchRunsResponseSchema>;

/** Makes the handler that follows runs. A reader that is slow is read on from where it stands, so nothing gathers for it here. */
export function createWatchRuns(db: Queryable): (request: WatchRunsRequest, call: Call) => AsyncGenerator<Answer> {
  const takePlace = placesOfWatchers("runs");

  async function* watch(request: WatchRunsRequest, { instanceId, signal }: Call): AsyncGenerator<Answer> {
    const filter = filterFromProto(request);
    const leave = takePlace();
    try {
      // Servers write side by side, so a smaller position may appear after a larger one.
      const missing = createMissingIds();
      let behind = await newestRunPosition(db);
      yield {};
      for (let sentAt = performance.now(); !signal.aborted;) {
        const now = new Date();
        const asked = { filter: filter ?? {}, behind, missing: missing.list(now), limit: READ_AT_ONCE };
        const found = await selectNewRuns(db, instanceId, asked);
        const positions = found.map(({ position }) => position);
        behind = missing.found(positions, behind, now);
        for (const run of found) {
          if (!filter || !run.matches) continue;
          yield { run: runToProto(run) };
          sentAt = performance.now();
        }
        if (performance.now() - sentAt >= SIGN_OF_LIFE_MS) {
          yield {};
          sentAt = performance.now();
        }
        if (found.length < READ_AT_ONCE)
          await setTimeout(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
      }
    } finally {
      leave();
    }
  }
  return watch;
}
