import type { MedianInterval } from "./statistics.ts";

/** A ratio: 1.03. */
export function ratio(value: number): string {
  return value.toFixed(2);
}

/** A ratio to more places, with its interval: 1.003 (0.994 to 1.012). */
export function ratioWithInterval({ median, low, high }: MedianInterval): string {
  return `${median.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}

/** A share of one: 0.21 %. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

/** Three digits that count, or all before the point: 0.0123, 1.23, 123, 1234. */
export function number(value: number): string {
  const magnitude = Math.abs(value);
  const places = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : magnitude >= 0.1 ? 3 : 4;
  return value.toFixed(places);
}
