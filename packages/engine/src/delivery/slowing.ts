/** How long a target is left alone that asks for time without saying how much: at first, and at most. */
const FIRST_MS = 1_000;
const LONGEST_MS = 600_000;

/**
 * Goes easy on a target that asks for time (429, 503). States: *unhindered*; *slowed*, where nothing begins until `until`; and *growing*, where one attempt at a time
 * begins, then twice as many with each success, until nothing is held back any more. Times are in milliseconds of a clock that never goes back.
 */
export interface Slowing {
  /** Until when nothing begins. In the past: it does. */
  until(): number;
  /** Most attempts at once. */
  concurrency(now: number): number;
  /** The target asked for time. False: it had already, and this was of an attempt that was under way. */
  slow(retryAfterMs: number | undefined, now: number): boolean;
  succeeded(most: number): void;
  /** Nothing begins until then, and one at a time after it; a time that is past lets everything begin. */
  restore(until: number, now: number): void;
}

/** A slowing that is unhindered. */
export function createSlowing(): Slowing {
  let until = Number.NEGATIVE_INFINITY;
  let limit = Number.POSITIVE_INFINITY;
  let inARow = 0;
  return {
    until: () => until,
    concurrency: (now) => (now < until ? 0 : limit),
    slow(retryAfterMs, now) {
      if (now < until) {
        until = Math.max(until, now + (retryAfterMs ?? 0));
        return false;
      }
      until = now + (retryAfterMs ?? Math.min(FIRST_MS * 2 ** Math.min(inARow, 30), LONGEST_MS));
      inARow++;
      limit = 1;
      return true;
    },
    succeeded(most) {
      inARow = 0;
      limit = limit * 2 >= most ? Number.POSITIVE_INFINITY : limit * 2;
    },
    restore(given, now) {
      until = given;
      inARow = 0;
      limit = now < given ? 1 : Number.POSITIVE_INFINITY;
    },
  };
}
