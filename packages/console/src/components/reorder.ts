/** A list with one item at another place. */
export function moved<T>(list: readonly T[], from: number, to: number): readonly T[] {
  const rest = list.filter((_, at) => at !== from);
  const item = list[from];
  return item === undefined ? list : [...rest.slice(0, to), item, ...rest.slice(to)];
}

/** The place that something held at a height has among others, whose middles stand at these heights, from the top. */
export function placeAt(height: number, middlesOfOthers: readonly number[]): number {
  return middlesOfOthers.filter((middle) => middle < height).length;
}
