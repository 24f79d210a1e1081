/** Keeps the number of attempts that begin within any second at or below a limit. Times are in milliseconds of a clock that never goes back. */
export interface Pacer {
  /** How many may begin now. */
  room(now: number): number;
  /** One begins. */
  begin(now: number): void;
  /** When the next may begin, where none may now. */
  nextAt(): number;
}

const SECOND_MS = 1_000;

/**
 * A pacer for `perSecond` attempts, which remembers when each of the last ones began. Whoever had the queue before may have used up the second before `since`:
 * within a second after it, nothing begins. 0: no limit.
 */
export function createPacer(perSecond: number, since: number): Pacer {
  if (perSecond === 0) return { room: () => Number.POSITIVE_INFINITY, begin: () => undefined, nextAt: () => 0 };
  const begun = new Float64Array(perSecond).fill(since);
  let oldest = 0;
  return {
    room(now) {
      let room = 0;
      while (room < perSecond && (begun[(oldest + room) % perSecond] ?? 0) + SECOND_MS <= now) room++;
      return room;
    },
    begin(now) {
      begun[oldest] = now;
      oldest = (oldest + 1) % perSecond;
    },
    nextAt: () => (begun[oldest] ?? 0) + SECOND_MS,
  };
}
