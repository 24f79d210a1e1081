import type { Work } from "../harness/benchmark.ts";
import { besideDisk } from "../harness/disk.ts";
import { percent } from "../harness/format.ts";
import { middles, type Quantiles } from "../harness/statistics.ts";
import {
  IDLE_PAUSE_MS,
  RATE,
  SIZES,
  STANDSTILL,
  TAKEN_AGAIN_AT_MOST,
  TARGETS,
  WARM_UP_RATE,
  WORKERS,
} from "./cases.ts";
import type { Contestant, ContestantName } from "./contestants/contestant.ts";
import type { Stage } from "./stage.ts";

/** Times of one contestant with a number of worker processes, in milliseconds. */
export interface Latency {
  readonly contestant: ContestantName;
  readonly workers: number;
  /** Until a publish is acknowledged, at the rate. */
  readonly acknowledged: Quantiles;
  /** From publish to receipt, at the rate. */
  readonly delivered: Quantiles;
  /** From publish to receipt, when nothing else is going on. */
  readonly pickedUp: Quantiles;
  /** Turns that were taken again, because the disk stood still in them. */
  readonly takenAgain: number;
}

type Paced = Pick<Latency, "acknowledged" | "delivered">;

/** Times contestants at a rate that keeps none of them busy, and with pauses between events. */
export async function measureLatency(
  work: Work,
  stage: Stage,
  contestants: readonly Contestant[],
): Promise<readonly Latency[]> {
  const found: Latency[] = [];
  for (const contestant of contestants)
    for (const workers of WORKERS) found.push(await measureOne(work, stage, contestant, workers));
  return found;
}

async function measureOne(
  { effort, progress, teardown }: Work,
  stage: Stage,
  contestant: Contestant,
  count: number,
): Promise<Latency> {
  const { warmUpEvents, latencyTurns, latencySeconds, idleEvents } = SIZES[effort];
  progress(`${RATE} events per second: ${contestant.name} with ${count} of its workers`);
  const databaseUrl = await stage.createDatabase();
  const endpoints = stage.endpoints("ok", TARGETS.length);
  await contestant.setUp(databaseUrl, endpoints);
  const workers = await contestant.startWorkers(teardown, databaseUrl, count);
  const publisher = await stage.startPublisher(contestant.publishing.one, {
    databaseUrl,
    urls: workers.urls,
    endpoints,
  });

  const pace = async (events: number, meanMs: number, spacing: "random" | "even"): Promise<Paced> => {
    await stage.receiver.ask("reset", undefined);
    const acknowledged = await publisher.ask("pace", { events, targets: TARGETS, meanMs, spacing });
    await stage.received("ok", events);
    return { acknowledged, delivered: (await stage.receiver.ask("receipts", "ok")).latency };
  };
  let takenAgain = 0;
  const paceOnSteadyDisk: typeof pace = async (...turn) => {
    for (;;) {
      const { result, standstill } = await besideDisk(() => pace(...turn));
      if (standstill < STANDSTILL || takenAgain === TAKEN_AGAIN_AT_MOST) return result;
      takenAgain++;
      progress(`the disk stood still for ${percent(standstill)} of a turn, which is taken again`);
    }
  };

  await pace(warmUpEvents, 1_000 / WARM_UP_RATE, "random");
  const busy: Paced[] = [];
  for (let turn = 0; turn < latencyTurns; turn++)
    busy.push(await paceOnSteadyDisk(RATE * latencySeconds, 1_000 / RATE, "random"));
  const idle = await paceOnSteadyDisk(idleEvents, IDLE_PAUSE_MS, "even");

  await publisher.ask("close", undefined);
  await Promise.all([publisher.stop(), workers.stop()]);
  await stage.dropDatabase(databaseUrl);
  return {
    contestant: contestant.name,
    workers: count,
    acknowledged: middles(busy.map(({ acknowledged }) => acknowledged)),
    delivered: middles(busy.map(({ delivered }) => delivered)),
    pickedUp: idle.delivered,
    takenAgain,
  };
}
