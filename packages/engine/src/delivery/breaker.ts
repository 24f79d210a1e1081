import { createRecentOutcomes } from "./recent-outcomes.ts";

/** So many failures in a row open it. */
const FAILURES_IN_A_ROW = 10;
/** This share of failures opens it, of at least so many attempts within so long. */
const FAILING_SHARE = 0.5;
const LEAST_ATTEMPTS = 20;
const SPAN_MS = 60_000;
/** How long it stays open at first, and at most. */
const FIRST_OPEN_MS = 30_000;
const LONGEST_OPEN_MS = 600_000;

/** What is kept of a breaker: open while `openings` is more than 0. */
export interface BreakerState {
  /** How often it opened since it was last closed. */
  readonly openings: number;
  /** When one attempt may try whether the target works again. */
  readonly probeAt: number;
}

/**
 * Keeps attempts from a target that fails. States: *closed*; *open*, where nothing is attempted until `probeAt`; and *probing*, where one attempt is
 * under way. A success closes it from any state; a probe that fails opens it again, for twice as long. Times are in milliseconds of a clock that never goes back.
 */
export interface Breaker {
  state(): BreakerState;
  /** How many attempts may begin: any number, one, or none. */
  room(now: number): number;
  /** An attempt begins. While it is open, that is the probe. */
  begin(): void;
  /** An attempt ended that counts. True: it is open now, and was not, or opened again. */
  failed(now: number): boolean;
  /** An attempt succeeded. True: it was open, and is closed now. */
  succeeded(now: number): boolean;
  /** An attempt ended that says nothing of the target. */
  ended(): void;
  /** Puts it into a state that was kept; `openings` 0 closes it. */
  restore(state: BreakerState): void;
}

/** A breaker that is closed. */
export function createBreaker(): Breaker {
  const recent = createRecentOutcomes(SPAN_MS);
  let inARow = 0;
  let openings = 0;
  let probeAt = 0;
  let probing = false;

  function open(now: number): true {
    openings++;
    probeAt = now + openMs(openings);
    probing = false;
    return true;
  }
  function close(): void {
    openings = 0;
    probing = false;
    inARow = 0;
    recent.clear();
  }
  return {
    state: () => ({ openings, probeAt }),
    room(now) {
      if (openings === 0) return Number.POSITIVE_INFINITY;
      return !probing && now >= probeAt ? 1 : 0;
    },
    begin() {
      if (openings > 0) probing = true;
    },
    failed(now) {
      // Attempts that were under way when it opened say nothing new.
      if (openings > 0) return probing && open(now);
      inARow++;
      recent.count(true, now);
      const { all, failed } = recent.totals(now);
      const fails = inARow >= FAILURES_IN_A_ROW || (all >= LEAST_ATTEMPTS && failed >= all * FAILING_SHARE);
      return fails && open(now);
    },
    succeeded(now) {
      const wasOpen = openings > 0;
      if (wasOpen) close();
      inARow = 0;
      recent.count(false, now);
      return wasOpen;
    },
    ended() {
      probing = false;
    },
    restore(state) {
      close();
      ({ openings, probeAt } = state);
    },
  };
}

/** How long it stays open for the nth time in a row. */
export function openMs(nth: number): number {
  return Math.min(FIRST_OPEN_MS * 2 ** Math.min(nth - 1, 30), LONGEST_OPEN_MS);
}
