/** What has an id that grows with time. */
export interface Identified {
  readonly id: string;
}

/** How rows that a stream told of are put among those of a list. */
export interface MergeOptions {
  /** Whether rows that are not there yet are added. Those that are there change in place in any case. */
  readonly adds: boolean;
  /** Whether the list goes on behind its last page. */
  readonly hasMore: boolean;
  /** Most rows that are kept. */
  readonly maxRows: number;
}

/** A list, page by page, after rows were put into it. */
export interface MergedPages<Row> {
  readonly pages: readonly (readonly Row[])[];
  /** Rows that were not there, and were not added. */
  readonly left: readonly Row[];
  /** How many were added. */
  readonly addedCount: number;
  /** Whether rows at the end of the last page were let go: what follows them is not what the page's token names. */
  readonly isCut: boolean;
}

/**
 * Puts rows into a list that goes from the newest to the oldest. Each takes the place of its id, so that the list stays one without gaps; one that is older
 * than all that was read is left to the page that will have it.
 */
export function mergeIntoPages<Row extends Identified>(
  pages: readonly (readonly Row[])[],
  told: readonly Row[],
  { adds, hasMore, maxRows }: MergeOptions,
): MergedPages<Row> {
  const changes = new Map(told.map((row) => [row.id, row]));
  const replaced = pages.map((page) =>
    page.map((row) => {
      const change = changes.get(row.id);
      changes.delete(row.id);
      return change ?? row;
    }),
  );
  if (!adds) return { pages: replaced, left: [...changes.values()], addedCount: 0, isCut: false };
  const oldest = replaced.flat().at(-1);
  const added = [...changes.values()].filter((row) => !hasMore || !oldest || isNewer(row, oldest));
  const merged = (replaced.length === 0 ? [[]] : replaced).map((page, at, all) => {
    // A page has what is newer than its last row, and not newer than the last one of the page before.
    const end = at === all.length - 1 ? undefined : page.at(-1);
    const before = all[at - 1]?.at(-1);
    const mine = added.filter((row) => (!before || !isNewer(row, before)) && (!end || isNewer(row, end)));
    return mine.length === 0 ? page : [...mine, ...page].sort((a, b) => (isNewer(a, b) ? -1 : 1));
  });
  return { ...keepNewest(merged, maxRows), left: [], addedCount: added.length };
}

/** Lets the oldest rows go: whole pages, and of the only one its end. */
function keepNewest<Row>(
  pages: readonly (readonly Row[])[],
  maxRows: number,
): Pick<MergedPages<Row>, "pages" | "isCut"> {
  const kept = [...pages];
  const count = (): number => kept.reduce((sum, page) => sum + page.length, 0);
  while (kept.length > 1 && count() > maxRows) kept.pop();
  const [first = []] = kept;
  return first.length > maxRows ? { pages: [first.slice(0, maxRows)], isCut: true } : { pages: kept, isCut: false };
}

/** Whether the id of one is greater; ids are whole numbers without leading noughts. */
function isNewer({ id: a }: Identified, { id: b }: Identified): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}
