/** How far a delay is moved at random, to either side, so that what failed together does not come back together. */
const JITTER = 0.2;

/**
 * How long to wait before the next attempt, in milliseconds; undefined after the last one. `failures` counts the attempts that failed, with the one that just
 * did; `random` is from 0 up to 1. A target that asked for time (`retryAfterMs`) gets it, where that is longer.
 */
export function retryDelayMs(
  failures: number,
  { retryDelaysMs, retryAfterMs = 0, random }: RetryChoices,
): number | undefined {
  const delay = retryDelaysMs[failures - 1];
  if (delay === undefined) return undefined;
  return Math.max(Math.round(delay * (1 + JITTER * (2 * random - 1))), retryAfterMs);
}

/** What the next attempt's time depends on. */
export interface RetryChoices {
  readonly retryDelaysMs: readonly number[];
  readonly retryAfterMs?: number | undefined;
  readonly random: number;
}
