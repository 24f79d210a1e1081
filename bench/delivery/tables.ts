import type { Table } from "../harness/benchmark.ts";
import { STANDS_STILL_MS } from "../harness/disk.ts";
import { number, ratioWithInterval } from "../harness/format.ts";
import type { Quantiles } from "../harness/statistics.ts";
import {
  FAILS_FIRST_EVERY,
  IDLE_PAUSE_MS,
  IN_FLIGHT,
  RATE,
  RETRY_DELAY_MS,
  STANDSTILL,
  TAKEN_AGAIN_AT_MOST,
  TARGETS,
  type Beside,
  type Sizes,
} from "./cases.ts";
import type { ContestantName } from "./contestants/contestant.ts";
import { timesBeside, type Fairness } from "./fairness.ts";
import type { Latency } from "./latency.ts";
import type { PublishCost } from "./publish-cost.ts";
import type { Drained } from "./saturation.ts";

/** A contestant with a number of worker processes. */
export function nameOf(contestant: ContestantName, workers: number): string {
  return `${contestant}, ${workersText(workers)}`;
}

/** A number of worker processes. */
export function workersText(workers: number): string {
  return workers === 1 ? "1 worker" : `${workers} workers`;
}

/** Times at a rate, and of an idle worker. */
export function latencyTable(
  latencies: readonly Latency[],
  { warmUpEvents, latencyTurns, latencySeconds }: Sizes,
): Table {
  return {
    title: `At ${RATE} events per second, in milliseconds`,
    note: `One event a publish, at random times, to ${TARGETS.length} targets that answer at once. Interpose is published to by its API, and so a publish is an HTTP call of a server; for the libraries it is a call of the library, in the publisher's process. Acknowledged: until the publish has returned. Delivered: from before the publish until the target has the request. Picked up: the same for one event each ${IDLE_PAUSE_MS} ms. All of it on the cores of one machine, with PostgreSQL, publisher and targets; PostgreSQL has its defaults, and so each commit is on the disk before it is acknowledged. The middle of ${latencyTurns} turns of ${latencySeconds} s, after ${warmUpEvents} events that warmed everything up. A turn is taken again, at most ${TAKEN_AGAIN_AT_MOST} times for one contestant, when the disk kept a write that has nothing to do with it (8 KiB, 50 times a second) for more than ${STANDS_STILL_MS} ms, in total for ${STANDSTILL * 100} % of the turn or more: then the disk is what was measured.`,
    columns: [
      "",
      ...["acknowledged", "delivered", "picked up"].flatMap((what) => [`${what} p50`, "p95", "p99"]),
      "turns taken again",
    ],
    rows: latencies.map(({ contestant, workers, acknowledged, delivered, pickedUp, takenAgain }) => [
      nameOf(contestant, workers),
      ...[acknowledged, delivered, pickedUp].flatMap(quantileCells),
      String(takenAgain),
    ]),
  };
}

/** What is delivered when everything waits. */
export function saturationTable(drained: readonly Drained[]): Table {
  return {
    title: "As fast as it goes",
    note: `All events are published before the workers start, and each is for one of ${TARGETS.length} targets, which refuse every ${FAILS_FIRST_EVERY}th event when it first comes and are sent it again after ${RETRY_DELAY_MS / 1_000} s (graphile-worker: some 2.7 s). Each worker process has at most ${IN_FLIGHT} requests under way, for Interpose at most 20 of them to one target. All send the same requests, with the same headers, signed in the two forms that targets of Interpose know. Interpose keeps events, deliveries and attempts, with times, headers and the head of each reply, to be listed by state, target, event and time. Of the libraries, graphile-worker forgets a job that is done, and pg-boss has only that it is done. Graphile-worker with a record is what Interpose would be on it: the library has the queue, all else is Interpose's own, and each attempt and what became of its delivery is written to the same tables, batched, before the job counts as done; half of its ${2 * IN_FLIGHT} jobs at once wait for that. PostgreSQL has taken its statistics before the workers start. Per second: different events received, without the first and the last tenth. CPU for one event, of the worker processes and of PostgreSQL, from the start of the workers on; receiving comes on top. Contestants take turns: each number is the middle of that of all turns, and the bounds above are the middle of the rounds' ratios.`,
    columns: [
      "",
      "per second",
      "first to last, s",
      "CPU of workers, µs",
      "of PostgreSQL, µs",
      "received again",
      "published per second before",
    ],
    rows: drained.map(
      ({ contestant, workers, perSecond, seconds, workersCpu, postgresCpu, repeated, filledPerSecond }) => [
        nameOf(contestant, workers),
        number(perSecond),
        number(seconds),
        number(workersCpu),
        number(postgresCpu),
        String(repeated),
        number(filledPerSecond),
      ],
    ),
  };
}

/** What a publish takes. */
export function costTable(costs: readonly PublishCost[]): Table {
  return {
    title: "A publish, as executions and waiting deliveries grow",
    note: "One event with one delivery, published by the process that holds the database's connections, with no worker running. The databases take turns. Deliveries wait for the target that is published to. The ratio is to the first row, the median of turns, with its interval of confidence of 95 %.",
    columns: ["executions", "waiting deliveries", "p50, ms", "p95, ms", "p99, ms", "ratio"],
    rows: costs.map(({ executions, backlog, times, ratio }) => [
      String(executions),
      String(backlog),
      ...quantileCells(times),
      ratioWithInterval(ratio),
    ]),
  };
}

const BESIDE: Readonly<Record<Beside, string>> = {
  nothing: "nothing else",
  dead: "one at which nobody listens",
  slow: "one that answers after a second",
  backlog: "one with the largest backlog, which answers after 25 ms",
};

/** What healthy targets have of others. */
export function fairnessTable(fairness: readonly Fairness[]): Table {
  return {
    title: "Nine healthy targets beside another one, from publish to receipt in milliseconds",
    note: `Interpose with one worker, ${RATE} events per second for the nine together. The dead and the slow target are sent 50 events per second beside; to the one with a backlog, what waits is delivered all the time, 20 at once. The slow one and that one are received for by a process of their own. One server, and turns of some seconds, there and back (the others are paused meanwhile): each number is the median of that of all turns.`,
    columns: ["beside", "p50", "p95", "p99"],
    rows: (Object.keys(BESIDE) as Beside[]).map((beside) => [
      BESIDE[beside],
      ...quantileCells(timesBeside(fairness, beside)),
    ]),
  };
}

function quantileCells({ p50, p95, p99 }: Quantiles): readonly string[] {
  return [p50, p95, p99].map(number);
}
