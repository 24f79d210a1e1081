import type { Pair } from "./turns.ts";

/** The middle of values; of an even number of values, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (lower === undefined || upper === undefined) throw new Error("there is no median of no values");
  return (lower + upper) / 2;
}

/** The median of each side. */
export function medians(pairs: readonly Pair<number>[]): Pair<number> {
  return { a: median(pairs.map(({ a }) => a)), b: median(pairs.map(({ b }) => b)) };
}

/** A median, and between which values it lies with a confidence of 95 %. */
export interface MedianInterval {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * A median with its interval of confidence, from the order of the values alone: nothing is assumed of how they are distributed,
 * and one that went astray moves nothing. Needs six values for its 95 %; of fewer it answers their whole range.
 */
export function medianInterval(values: readonly number[]): MedianInterval {
  const sorted = [...values].sort((a, b) => a - b);
  const cut = outside(sorted.length);
  return {
    median: median(sorted),
    low: sorted[cut] ?? Number.NaN,
    high: sorted[sorted.length - 1 - cut] ?? Number.NaN,
  };
}

/** How many of n sorted values can be left out at each end, so that the true median lies between the rest with at least 95 %. */
function outside(n: number): number {
  let leftOut = 0;
  // Each value lies below the true median with a chance of one half: these are the terms of the binomial distribution.
  let term = 0.5 ** n;
  let tail = term;
  for (let k = 1; k <= n; k++) {
    term = (term * (n - k + 1)) / k;
    if (2 * (tail + term) > 0.05) return leftOut;
    tail += term;
    leftOut = k;
  }
  return leftOut;
}

/** The middle of values, and what one in twenty and one in a hundred is above. */
export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** The quantiles of values; of no values, none is a number. */
export function quantiles(values: readonly number[]): Quantiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Of many, the middle of each. */
export function middles(all: readonly Quantiles[]): Quantiles {
  const middle = (which: keyof Quantiles): number => median(all.map((one) => one[which]));
  return { p50: middle("p50"), p95: middle("p95"), p99: middle("p99") };
}
