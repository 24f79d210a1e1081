import type { Work } from "../harness/benchmark.ts";
import { SIZES } from "./cases.ts";
import type { Contestant } from "./contestants/contestant.ts";
import { graphileWorker, recordingGraphileWorker } from "./contestants/graphile-worker/index.ts";
import { interpose } from "./contestants/interpose/index.ts";
import { pgBoss } from "./contestants/pg-boss/index.ts";
import { measureFairness, type Fairness } from "./fairness.ts";
import { measureLatency, type Latency } from "./latency.ts";
import { measurePublishCost, type PublishCost } from "./publish-cost.ts";
import { measureSaturation, type Drains } from "./saturation.ts";
import { setStage } from "./stage.ts";

const CONTESTANTS: readonly Contestant[] = [interpose, graphileWorker, pgBoss];

/** What was found. */
export interface Measurements {
  readonly latencies: readonly Latency[];
  readonly drains: Drains;
  readonly publishCosts: readonly PublishCost[];
  readonly fairness: readonly Fairness[];
}

/** Measures everything, one case after another. */
export async function measure(work: Work): Promise<Measurements> {
  const stage = await setStage(work.teardown, SIZES[work.effort]);
  return {
    latencies: await measureLatency(work, stage, CONTESTANTS),
    publishCosts: await measurePublishCost(work, stage),
    fairness: await measureFairness(work, stage),
    drains: await measureSaturation(work, stage, [...CONTESTANTS, recordingGraphileWorker]),
  };
}
