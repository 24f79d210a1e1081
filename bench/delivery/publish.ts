// Publishes with one contestant: as fast as it goes, or at a rate.
import { answerQuestions } from "../harness/child.ts";
import { quantiles, type Quantiles } from "../harness/statistics.ts";
import type { BenchEvent } from "./cases.ts";
import { now } from "./clock.ts";
import type { Publisher, PublisherOptions } from "./contestants/publisher.ts";

/** Each loads what it needs, and nothing of the others. */
const WAYS = {
  "graphile-worker": async (options) =>
    (await import("./contestants/graphile-worker/publisher.ts")).createGraphilePublisher(options),
  "graphile-worker with a record": async (options) =>
    (await import("./contestants/graphile-worker/recording-publisher.ts")).createRecordingPublisher(options),
  "pg-boss": async (options) => (await import("./contestants/pg-boss/publisher.ts")).createBossPublisher(options),
  Interpose: async (options) => (await import("./contestants/interpose/api-publisher.ts")).createApiPublisher(options),
  "Interpose, in process": async (options) =>
    (await import("./contestants/interpose/store-publisher.ts")).createStorePublisher(options),
} as const satisfies Record<string, (options: PublisherOptions) => Promise<Publisher>>;

/** By what to publish. */
export type Way = keyof typeof WAYS;

const FILL_BATCH = 500;
const FILL_LANES = 2;

let publisher: Publisher | undefined;

async function publish(events: readonly BenchEvent[]): Promise<void> {
  if (!publisher) throw new Error("nothing was opened to publish by");
  await publisher.publish(events);
}

const answers = {
  async open({ way, options }: { readonly way: Way; readonly options: PublisherOptions }): Promise<void> {
    publisher = await WAYS[way](options);
  },
  async close(): Promise<void> {
    await publisher?.close();
  },
  /** Publishes events in batches, as fast as it goes, each to the next target. */
  async fill({ events, targets }: Pick<Pace, "events" | "targets">): Promise<void> {
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < events) {
        const from = next;
        next = Math.min(events, next + FILL_BATCH);
        await publish(Array.from({ length: next - from }, (_, i) => eventFor(from + i, targets)));
      }
    };
    await Promise.all(Array.from({ length: FILL_LANES }, lane));
  },
  /** Publishes events one by one at times that it does not choose: whether the one before was acknowledged or not. Answers how long acknowledgements took. */
  async pace(pace: Pace): Promise<Quantiles> {
    const times: number[] = [];
    const publishing: Promise<void>[] = [];
    let due = now();
    for (let n = 0; n < pace.events; n++) {
      // At random, those of publishers who know nothing of each other come in bursts.
      due += pace.spacing === "random" ? -Math.log(1 - Math.random()) * pace.meanMs : pace.meanMs;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - now())));
      const began = now();
      publishing.push(publish([eventFor(n, pace.targets)]).then(() => void times.push(now() - began)));
    }
    await Promise.all(publishing);
    return quantiles(times);
  },
  /** Publishes events one after another, for the first target, and answers how long each took, in milliseconds. */
  async time({ events, from }: { readonly events: number; readonly from: number }): Promise<readonly number[]> {
    const times: number[] = [];
    for (let n = from; n < from + events; n++) {
      const began = now();
      await publish([{ n, target: 0 }]);
      times.push(now() - began);
    }
    return times;
  },
};

/** Which events are published, and when. */
export interface Pace {
  readonly events: number;
  /** Numbers of the targets, which take turns. */
  readonly targets: readonly number[];
  readonly meanMs: number;
  readonly spacing: "random" | "even";
}

/** What the publisher answers. */
export type PublishAnswers = typeof answers;

function eventFor(n: number, targets: readonly number[]): BenchEvent {
  return { n, target: targets[n % targets.length] ?? 0 };
}

answerQuestions(answers);
