import { createDatabase } from "../../packages/server/src/store/database.ts";
import type { Work } from "../harness/benchmark.ts";
import { freePort } from "../harness/free-port.ts";
import { middles, type Quantiles } from "../harness/statistics.ts";
import { prepareDatabase } from "../harness/store.ts";
import { BESIDE, RATE, SIZES, type Beside } from "./cases.ts";
import { addBacklog, steer } from "./contestants/interpose/backlog.ts";
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

/** What is under way when a target is paused has come to an end after that: the slow one answers after a second. */
const SETTLING_MS = 1_200;

/** Times deliveries to targets that are well, alone and beside one that is not, in turns. */
export async function measureFairness(work: Work, stage: Stage): Promise<readonly Fairness[]> {
  const { backlogs, fairnessRounds, fairnessSeconds } = SIZES[work.effort];
  work.progress("fairness: a database with a target for which many deliveries wait");
  const databaseUrl = await stage.createDatabase();
  const endpoints = [
    ...stage.endpoints("ok", HEALTHY.length),
    `http://127.0.0.1:${await freePort()}/dead`,
    ...stage.endpoints("slow", 1),
    ...stage.endpoints("backlog", 1),
  ];
  const ids = await fill(databaseUrl, endpoints, Math.max(...backlogs));
  const workers = await interpose.startWorkers(work.teardown, databaseUrl, 1);
  const [url = ""] = workers.urls;
  // Whoever is well, and who is not, is published for at the same time, by processes of their own.
  const options = { databaseUrl, urls: workers.urls, endpoints };
  const healthy = await stage.startPublisher("Interpose", options);
  const other = await stage.startPublisher("Interpose", options);
  const steerUnwell = async (beside: Beside, what: "pause" | "resume"): Promise<void> => {
    const number = UNHEALTHY[beside];
    if (number !== undefined) await steer(url, ids[number] ?? "", what);
  };

  async function turn(beside: Beside, seconds: number): Promise<Quantiles> {
    for (const receiver of [stage.receiver, stage.receiverOfUnwell]) await receiver.ask("reset", undefined);
    await steerUnwell(beside, "resume");
    const at = (rate: number, targets: readonly number[]): Pace => ({
      events: rate * seconds,
      targets,
      meanMs: 1_000 / rate,
      spacing: "random",
    });
    const isPublishedFor = beside === "dead" || beside === "slow";
    await Promise.all([
      healthy.ask("pace", at(RATE, HEALTHY)),
      isPublishedFor && other.ask("pace", at(BESIDE_RATE, [UNHEALTHY[beside] ?? Number.NaN])),
    ]);
    await stage.received("ok", RATE * seconds);
    if (beside === "backlog") await assertBacklogDelivered(stage, RATE * seconds);
    await steerUnwell(beside, "pause");
    await new Promise((resolve) => setTimeout(resolve, SETTLING_MS));
    return (await stage.receiver.ask("receipts", "ok")).latency;
  }

  for (const beside of ["dead", "slow"] as const) await steerUnwell(beside, "pause");
  for (const beside of BESIDE) await turn(beside, fairnessSeconds);
  const found: Fairness[] = [];
  for (let round = 0; round < fairnessRounds; round++) {
    work.progress(`fairness: ${HEALTHY.length} targets beside others, round ${round + 1} of ${fairnessRounds}`);
    // There and back, so that what happens to the machine meets all.
    for (const beside of round % 2 === 0 ? BESIDE : BESIDE.toReversed())
      found.push({ beside, delivered: await turn(beside, fairnessSeconds) });
  }
  for (const publisher of [healthy, other]) await publisher.stop();
  await workers.stop();
  await stage.dropDatabase(databaseUrl);
  return found;
}

/** Makes targets for endpoints, and a backlog for the last one. Answers their ids. */
async function fill(databaseUrl: string, endpoints: readonly string[], backlog: number): Promise<readonly string[]> {
  const database = createDatabase({ url: databaseUrl });
  try {
    const context = await prepareDatabase(database);
    const ids = await setUpTargets(context, endpoints);
    await addBacklog(context, ids.at(-1) ?? "", backlog);
    return ids;
  } finally {
    await database.close();
  }
}

/** The times beside one thing: of all turns the middle. */
export function timesBeside(fairness: readonly Fairness[], wanted: Beside): Quantiles {
  return middles(fairness.filter(({ beside }) => beside === wanted).map(({ delivered }) => delivered));
}

/** What waits must have been delivered all the time, or nothing was measured beside it. All of it is one event, which comes again and again. */
async function assertBacklogDelivered(stage: Stage, least: number): Promise<void> {
  const { events, repeated } = await stage.receiverOfUnwell.ask("receipts", "backlog");
  if (events + repeated < least) throw new Error(`of what waits, only ${events + repeated} were delivered`);
}
