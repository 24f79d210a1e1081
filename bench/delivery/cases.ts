import type { Work } from "../harness/benchmark.ts";

/** One event, for one target. */
export interface BenchEvent {
  /** Different for each event of a case. */
  readonly n: number;
  /** Number of the target, from 0. */
  readonly target: number;
}

/** Numbers of the targets of each contestant. */
export const TARGETS: readonly number[] = Array.from({ length: 100 }, (_, i) => i);
/** Deliveries under way at once in one worker process. */
export const IN_FLIGHT = 256;
/** Every so many-th event of each target is refused when it first comes, where targets fail first. */
export const FAILS_FIRST_EVERY = 10;
/** After which it is tried again, where that can be chosen. */
export const RETRY_DELAY_MS = 2_000;
/** Events per second at which times are taken. */
export const RATE = 200;
/**
 * Events per second before times are taken. Faster than the rate: V8 compiles what has run often, and a server that has been told of 600 events, as many as three seconds of the rate have,
 * needs up to a third more CPU for the next ones than one that has been told of 10,000.
 */
export const WARM_UP_RATE = 500;
/** Share of a turn for which the disk may stand still, so that the turn counts: one in twenty then still waits for other things. */
export const STANDSTILL = 0.01;
/** How many turns of one contestant are taken again because the disk stood still, at most. */
export const TAKEN_AGAIN_AT_MOST = 12;
/** Between two events, when a pick-up by an idle worker is timed. */
export const IDLE_PAUSE_MS = 250;
/** Numbers of worker processes. */
export const WORKERS = [1, 2] as const;

/** What may stand beside healthy targets. */
export const BESIDE = ["nothing", "dead", "slow", "backlog"] as const;
export type Beside = (typeof BESIDE)[number];

/** How much is done. */
export interface Sizes {
  /** Megabytes of its log that PostgreSQL has written before anything else, and uses the files of again. */
  readonly logMegabytes: number;
  /** Published before times are taken, so that everything is warm. */
  readonly warmUpEvents: number;
  /** How often times are taken at the rate, and for how long at once. */
  readonly latencyTurns: number;
  readonly latencySeconds: number;
  readonly idleEvents: number;
  /** Events that wait when the workers start. */
  readonly drained: number;
  /** How often that is done. */
  readonly drains: number;
  readonly executions: readonly [number, ...number[]];
  readonly backlogs: readonly [number, ...number[]];
  /** How often a publish is timed in each database. */
  readonly publishes: number;
  /** How often healthy targets are timed beside each of what may stand beside them, and for how long at once. */
  readonly fairnessRounds: number;
  readonly fairnessSeconds: number;
}

export const SIZES: Readonly<Record<Work["effort"], Sizes>> = {
  full: {
    logMegabytes: 256,
    warmUpEvents: 10_000,
    latencyTurns: 3,
    latencySeconds: 8,
    idleEvents: 50,
    drained: 100_000,
    drains: 5,
    executions: [1, 1_000, 10_000],
    backlogs: [0, 100_000, 1_000_000],
    publishes: 1_000,
    fairnessRounds: 16,
    fairnessSeconds: 4,
  },
  quick: {
    logMegabytes: 1,
    warmUpEvents: 100,
    latencyTurns: 1,
    latencySeconds: 1,
    idleEvents: 4,
    drained: 1_000,
    drains: 1,
    executions: [1, 100],
    backlogs: [0, 1_000],
    publishes: 50,
    fairnessRounds: 1,
    fairnessSeconds: 1,
  },
};

/** Whether an event is one of those. They are spread over the targets, and over time. */
export function failsFirst(n: number): boolean {
  return (n + Math.floor(n / TARGETS.length)) % FAILS_FIRST_EVERY === 0;
}

/** Type of the events that a target is told of. */
export function eventTypeOf(target: number): string {
  return `shop.order${target}.placed`;
}

/** An event as its publisher has it. `at` is when it was published, on the clock of all processes. */
export function eventOf(
  { n, target }: BenchEvent,
  at: number,
): {
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
} {
  return {
    aggregateType: "order",
    // New ones, mostly, as orders are.
    aggregateId: `order-${n}`,
    type: eventTypeOf(target),
    payload: { n, at, customer: `customer-${n % 1_000}`, total: { currency: "CHF", cents: 100 + (n % 9_900) } },
  };
}
