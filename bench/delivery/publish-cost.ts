import { createDatabase } from "../../packages/server/src/store/database.ts";
import type { Work } from "../harness/benchmark.ts";
import type { Child } from "../harness/child.ts";
import { median, medianInterval, quantiles, type MedianInterval, type Quantiles } from "../harness/statistics.ts";
import { prepareDatabase } from "../harness/store.ts";
import { inTurns } from "../harness/turns.ts";
import { SIZES } from "./cases.ts";
import { addBacklog } from "./contestants/interpose/backlog.ts";
import { setUpExecutions } from "./contestants/interpose/index.ts";
import type { PublishAnswers } from "./publish.ts";
import type { Stage } from "./stage.ts";

/** What a publish takes in a database. */
export interface PublishCost {
  readonly executions: number;
  /** Deliveries that wait for the target of what is published. */
  readonly backlog: number;
  /** In milliseconds. */
  readonly times: Quantiles;
  /** To the time in the smallest database, turn by turn. */
  readonly ratio: MedianInterval;
}

/** Publishes in one turn. */
const IN_TURN = 50;

/** Times publishes in databases with more and more executions, and with more and more deliveries that wait. No worker runs. */
export async function measurePublishCost(work: Work, stage: Stage): Promise<readonly PublishCost[]> {
  const { executions, backlogs, publishes } = SIZES[work.effort];
  const [few, ...more] = executions;
  const sizes = [
    ...backlogs.map((backlog) => ({ executions: few, backlog })),
    ...more.map((count) => ({ executions: count, backlog: 0 })),
  ];
  const databases = new Map<string, { url: string; publisher: Child<PublishAnswers>; published: number }>();
  for (const [i, size] of sizes.entries()) {
    work.progress(`a database with ${size.executions} executions and ${size.backlog} waiting deliveries`);
    const url = await fill(stage, size);
    const options = { databaseUrl: url, urls: [], endpoints: [] };
    databases.set(`${i}`, {
      url,
      publisher: await stage.startPublisher("Interpose, in process", options),
      published: 0,
    });
  }

  work.progress("publishing in each of them, in turns");
  const names = [...databases.keys()];
  // A turn that does not count comes first.
  const turns = await inTurns(publishes / IN_TURN + 1, names, async (name) => {
    const database = databases.get(name);
    if (!database) return [];
    const from = database.published;
    database.published += IN_TURN;
    return database.publisher.ask("time", { events: IN_TURN, from });
  });
  for (const { url, publisher } of databases.values()) {
    await publisher.ask("close", undefined);
    await publisher.stop();
    await stage.dropDatabase(url);
  }

  const timesOf = (name: string): readonly (readonly number[])[] => turns.get(name)?.slice(1) ?? [];
  const smallest = timesOf("0").map(median);
  return sizes.map((size, i) => ({
    ...size,
    times: quantiles(timesOf(`${i}`).flat()),
    ratio: medianInterval(timesOf(`${i}`).map((turn, nth) => median(turn) / (smallest[nth] ?? Number.NaN))),
  }));
}

async function fill(
  stage: Stage,
  { executions, backlog }: { readonly executions: number; readonly backlog: number },
): Promise<string> {
  const url = await stage.createDatabase();
  const database = createDatabase({ url });
  try {
    const context = await prepareDatabase(database);
    const targetId = await setUpExecutions(context, executions);
    await addBacklog(context, targetId, backlog);
  } finally {
    await database.close();
  }
  return url;
}
