import type { Work } from "../harness/benchmark.ts";
import { median } from "../harness/statistics.ts";
import { inTurns } from "../harness/turns.ts";
import { SIZES, TARGETS, WORKERS } from "./cases.ts";
import type { Contestant, ContestantName } from "./contestants/contestant.ts";
import type { Stage } from "./stage.ts";

/** How fast one contestant delivers what waits, with a number of worker processes. */
export interface Drained {
  readonly contestant: ContestantName;
  readonly workers: number;
  /** Events per second while all were busy. */
  readonly perSecond: number;
  /** From the first receipt to the last, in seconds. */
  readonly seconds: number;
  /** For one event, in microseconds, of all of the worker processes. */
  readonly workersCpu: number;
  /** The same of PostgreSQL. */
  readonly postgresCpu: number;
  /** Events that were received more than once, in any turn at most. */
  readonly repeated: number;
  /** Events per second that were published before, in batches. */
  readonly filledPerSecond: number;
}

/** How fast contestants deliver, each as often as the others: its numbers in one place are of one round. */
export type Drains = readonly Drained[];

/** Lets contestants deliver what waits for them, as fast as they can, in turns. A tenth of it fails first. */
export async function measureSaturation(work: Work, stage: Stage, contestants: readonly Contestant[]): Promise<Drains> {
  const { drains } = SIZES[work.effort];
  const byName = new Map(contestants.map((contestant) => [contestant.name, contestant]));
  const found: Drained[] = [];
  for (const workers of WORKERS) {
    const turns = await inTurns(drains, [...byName.keys()], async (name, round) => {
      const contestant = byName.get(name);
      if (!contestant) throw new Error(`there is no contestant ${name}`);
      work.progress(`what waits, ${round + 1} of ${drains}: ${name} with ${workers} of its workers`);
      return drain(work, stage, contestant, workers);
    });
    found.push(...[...turns.values()].flat());
  }
  return found;
}

/** Each contestant with each number of workers, with the middle of its numbers. */
export function middlesOf(drains: Drains): readonly Drained[] {
  const kinds = Map.groupBy(drains, ({ contestant, workers }) => `${contestant} ${workers}`);
  return [...kinds.values()].map(middleOf);
}

/** For each round, how many deliveries one contestant made for one of another. */
export function speedRatios(
  drains: Drains,
  workers: number,
  of: ContestantName,
  to: ContestantName,
): readonly number[] {
  const speedsOf = (name: ContestantName): readonly number[] =>
    drains.filter((turn) => turn.contestant === name && turn.workers === workers).map(({ perSecond }) => perSecond);
  const others = speedsOf(to);
  return speedsOf(of).map((speed, round) => speed / (others[round] ?? Number.NaN));
}

function middleOf(turns: readonly Drained[]): Drained {
  const [first] = turns;
  if (!first) throw new Error("nothing was delivered");
  const middle = (which: keyof Omit<Drained, "contestant" | "workers">): number =>
    median(turns.map((turn) => turn[which]));
  return {
    contestant: first.contestant,
    workers: first.workers,
    perSecond: middle("perSecond"),
    seconds: middle("seconds"),
    workersCpu: middle("workersCpu"),
    postgresCpu: middle("postgresCpu"),
    repeated: Math.max(...turns.map(({ repeated }) => repeated)),
    filledPerSecond: middle("filledPerSecond"),
  };
}

async function drain(
  { effort, teardown }: Work,
  stage: Stage,
  contestant: Contestant,
  count: number,
): Promise<Drained> {
  const events = SIZES[effort].drained;
  const databaseUrl = await stage.createDatabase();
  const endpoints = stage.endpoints("fails-first", TARGETS.length);
  await contestant.setUp(databaseUrl, endpoints);
  const publisher = await stage.startPublisher(contestant.publishing.many, { databaseUrl, urls: [], endpoints });
  const began = performance.now();
  await publisher.ask("fill", { events, targets: TARGETS });
  const filledPerSecond = (events / (performance.now() - began)) * 1_000;
  await publisher.ask("close", undefined);
  await publisher.stop();
  await stage.analyze(databaseUrl);

  await stage.receiver.ask("reset", undefined);
  const postgresBefore = stage.postgresCpuMicroseconds();
  const workers = await contestant.startWorkers(teardown, databaseUrl, count);
  await stage.received("fails-first", events);
  const workersCpu = (await workers.cpuMicroseconds()) / events;
  const postgresCpu = (stage.postgresCpuMicroseconds() - postgresBefore) / events;
  const { perSecond, spanMs, repeated } = await stage.receiver.ask("receipts", "fails-first");
  await workers.stop();
  await stage.dropDatabase(databaseUrl);
  return {
    contestant: contestant.name,
    workers: count,
    perSecond,
    seconds: spanMs / 1_000,
    workersCpu,
    postgresCpu,
    repeated,
    filledPerSecond,
  };
}
