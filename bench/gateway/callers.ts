// Callers that each make a call, pause, and make another one. They measure what a call takes as who makes it sees it.
import { answerQuestions } from "../harness/child.ts";
import { quantiles } from "../harness/statistics.ts";
import { connectLightly } from "./light-client.ts";
import type { Latency } from "./load.ts";

const CONNECTIONS = 5;

interface CallersOptions {
  readonly url: string;
  readonly path: string;
  readonly callers: number;
  /** Calls per second of all of them together. */
  readonly rate: number;
  readonly seconds: number;
}

/** What they found. */
export interface CallersFound extends Latency {
  readonly calls: number;
}

const answers = {
  async measure({ url, path, callers, rate, seconds }: CallersOptions): Promise<CallersFound> {
    const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connectLightly(url, path)));
    const times: number[] = [];
    const end = performance.now() + seconds * 1_000;
    await Promise.all(
      Array.from({ length: callers }, async (_, i) => {
        const client = clients[i % CONNECTIONS];
        if (!client) return;
        // Each call begins at a time of its own, as those of callers do who know nothing of each other.
        for (let next = performance.now(); ;) {
          next += -Math.log(1 - Math.random()) * (callers / rate) * 1_000;
          if (next >= end) return;
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
          const began = performance.now();
          await client.call();
          times.push(performance.now() - began);
        }
      }),
    );
    for (const client of clients) client.close();
    return { ...quantiles(times), calls: times.length };
  },
};

/** What the callers answer. */
export type CallersAnswers = typeof answers;

answerQuestions(answers);
