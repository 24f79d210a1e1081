/** Beyond so many edits nothing was meant, however long the texts are. It bounds what a comparison costs. */
const MOST_EDITS = 20;

/** The known text that is most like a given one, if one is like enough to have been meant. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  return nearestFew(given, known, 1)[0];
}

/** The known texts that are like enough to a given one to have been meant, the most alike first; of those that are equally alike the first known. At most `most` of them. */
export function nearestFew(given: string, known: readonly string[], most: number): readonly string[] {
  const limit = Math.min(MOST_EDITS, Math.max(2, Math.floor(given.length / 4)));
  return known
    .flatMap((text) => {
      const edits = editDistance(given, text, limit);
      return edits === undefined ? [] : [{ text, edits }];
    })
    .sort((a, b) => a.edits - b.edits)
    .slice(0, most)
    .map(({ text }) => text);
}

/** Letters to insert, delete or replace to make one text of another (Levenshtein). Undefined: more than `limit`. */
function editDistance(a: string, b: string, limit: number): number | undefined {
  if (Math.abs(a.length - b.length) > limit) return undefined;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = new Array<number>(b.length + 1).fill(Infinity);
    if (i <= limit) next[0] = i;
    let least = next[0] ?? Infinity;
    // What lies further from the diagonal takes more edits than are looked for.
    for (let j = Math.max(1, i - limit); j <= Math.min(b.length, i + limit); j++) {
      const replaced = (row[j - 1] ?? Infinity) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(replaced, (row[j] ?? Infinity) + 1, (next[j - 1] ?? Infinity) + 1);
      least = Math.min(least, next[j] ?? Infinity);
    }
    if (least > limit) return undefined;
    row = next;
  }
  const edits = row[b.length] ?? 0;
  return edits > limit ? undefined : edits;
}
