import { createDatabase } from "../../packages/server/src/store/database.ts";
import type { Work } from "../harness/benchmark.ts";
import { freePort } from "../harness/free-port.ts";
import { median, type Quantiles } from "../harness/statistics.ts";
import { prepareDatabase } from "../harness/store.ts";
import { RATE, SIZES, type Beside } from "./cases.ts";
import { addBacklog, setQueues } from "./contestants/interpose/backlog.ts";
import { interpose, setUpTargets } from "./contestants/interpose/index.ts";
import type { Pace } from "./publish.ts";
import type { Stage } from "./stage.ts";

/** Times from publish to receipt of the healthy targets, in milliseconds. */
export interface Fairness {
  readonly beside: Beside;
  readonly delivered: Quantiles;
}

/** Numbers of the targets. */
const HEALTHY: readonly number[] = Array.from({ length: 9 }, (_, i) => i);
const UNHEALTHY: Readonly<Partial<Record<Beside, number>>> = { dead: 9, slow: 10, backlog: 11 };
/** Events per second for the target that is dead, or slow: more than it can take. */
const BESIDE_RATE = 50;

/** Times deliveries to targets that are well, alone and beside one that is not. */
export async function measureFairness(work: Work, stage: Stage): Promise<readonly Fairness[]> {
  const { backlogs, fairness, latencySeconds, warmUpSeconds } = SIZES[work.effort];
  work.progress("fairness: a database with a target for which many deliveries wait");
  const databaseUrl = await stage.createDatabase();
  const endpoints = [
    ...stage.endpoints("ok", HEALTHY.length),
    `http://127.0.0.1:${await freePort()}/dead`,
    ...stage.endpoints("slow", 1),
    ...stage.endpoints("backlog", 1),
  ];
  const database = createDatabase({ url: databaseUrl });
  const found: Fairness[] = [];
  // Whoever is well, and who is not, is published for at the same time, by processes of their own.
  const time = async (urls: readonly string[], beside: number | undefined): Promise<Quantiles> => {
    const options = { databaseUrl, urls, endpoints };
    const publishers = [
      await stage.startPublisher("Interpose", options),
      await stage.startPublisher("Interpose", options),
    ];
    const [healthy, other] = publishers;
    const pace = async (seconds: number): Promise<void> => {
      for (const receiver of [stage.receiver, stage.receiverOfUnwell]) await receiver.ask("reset", undefined);
      const at = (rate: number, targets: readonly number[]): Pace => ({
        events: rate * seconds,
        targets,
        meanMs: 1_000 / rate,
        spacing: "random",
      });
      await Promise.all([
        healthy?.ask("pace", at(RATE, HEALTHY)),
        beside !== undefined && beside !== UNHEALTHY.backlog && other?.ask("pace", at(BESIDE_RATE, [beside])),
      ]);
      await stage.received("ok", RATE * seconds);
    };
    await pace(warmUpSeconds);
    await pace(latencySeconds);
    for (const publisher of publishers) await publisher.stop();
    if (beside === UNHEALTHY.backlog) await assertBacklogDelivered(stage, RATE * latencySeconds);
    return (await stage.receiver.ask("receipts", "ok")).latency;
  };
  try {
    const context = await prepareDatabase(database);
    const ids = await setUpTargets(context, endpoints);
    await addBacklog(context, ids.at(-1) ?? "", Math.max(...backlogs));
    for (const beside of fairness) {
      work.progress(`fairness: ${HEALTHY.length} targets beside ${beside}`);
      const going = [...ids.slice(0, HEALTHY.length), ...ids.filter((_, i) => i === UNHEALTHY[beside])];
      const paused = ids.filter((id) => !going.includes(id));
      await setQueues(context, { going, paused });
      const workers = await interpose.startWorkers(work.teardown, databaseUrl, 1);
      found.push({ beside, delivered: await time(workers.urls, UNHEALTHY[beside]) });
      await workers.stop();
    }
  } finally {
    await database.close();
  }
  await stage.dropDatabase(databaseUrl);
  return found;
}

/** The times beside one thing: of several runs the middle. */
export function timesBeside(fairness: readonly Fairness[], wanted: Beside): Quantiles {
  const those = fairness.filter(({ beside }) => beside === wanted).map(({ delivered }) => delivered);
  const middle = (which: keyof Quantiles): number => median(those.map((times) => times[which]));
  return { p50: middle("p50"), p95: middle("p95"), p99: middle("p99") };
}

/** What waits must have been delivered all the time, or nothing was measured beside it. All of it is one event, which comes again and again. */
async function assertBacklogDelivered(stage: Stage, least: number): Promise<void> {
  const { events, repeated } = await stage.receiverOfUnwell.ask("receipts", "backlog");
  if (events + repeated < least) throw new Error(`of what waits, only ${events + repeated} were delivered`);
}
