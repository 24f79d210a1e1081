import { JsonFault } from "../json/json-fault.ts";

/** An item of a list, and where in the new list it is. */
export interface ItemPair {
  readonly from: number;
  readonly to: number;
  /** Whether it is as it was shown, so that all of it can be taken over. */
  readonly isSame: boolean;
}

/**
 * Finds the items of a list in the list that a reply made of it, by the texts that they were shown as. One that is as it was shown is itself, wherever it is now, and
 * keeps what is hidden of it. One that holds something hidden, and is found nowhere, was changed: it is the item in its place, which must be none of the others.
 * Throws JsonFault where there is no such item: what is hidden must neither be lost nor come to another.
 */
export function pairItems(
  before: readonly string[],
  after: readonly string[],
  holdsHidden: (index: number) => boolean,
): readonly ItemPair[] {
  const pairs: ItemPair[] = [];
  const taken = new Set<number>();
  const pair = (from: number, to: number, isSame: boolean): void => {
    taken.add(to);
    pairs.push({ from, to, isSame });
  };
  const moved: number[] = [];
  for (const [i, text] of before.entries()) {
    if (after[i] === text) pair(i, i, true);
    else moved.push(i);
  }
  const free = new Map<string, number[]>();
  for (let i = after.length - 1; i >= 0; i--) {
    if (taken.has(i)) continue;
    const text = after[i] ?? "";
    const places = free.get(text);
    if (places) places.push(i);
    else free.set(text, [i]);
  }
  const changed = moved.filter((from) => {
    const to = free.get(before[from] ?? "")?.pop();
    if (to !== undefined) pair(from, to, true);
    return to === undefined;
  });
  for (const i of changed) {
    if (!holdsHidden(i)) continue;
    if (i >= after.length || taken.has(i))
      throw new JsonFault(
        "",
        "every item in which fields are hidden: as it was shown, or changed in its place",
        undefined,
      );
    pair(i, i, false);
  }
  return pairs;
}
