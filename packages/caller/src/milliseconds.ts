/** The span between two readings of `performance.now()`, in milliseconds, to the microsecond. */
export function millisecondsBetween(from: number, to: number): number {
  return Math.round((to - from) * 1000) / 1000;
}
