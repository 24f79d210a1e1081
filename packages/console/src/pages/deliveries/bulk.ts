/** How far a change of many is. */
export interface BulkProgress {
  /** What was changed. */
  readonly doneCount: number;
  /** What was not: it was gone, or the server refused it. */
  readonly leftCount: number;
  /** Why the first of those was refused, where the server said. */
  readonly firstRefusal: unknown;
}

/** One step of a change of many. */
export interface BulkStep {
  readonly doneCount: number;
  readonly leftCount: number;
  readonly refusal?: unknown;
  /** Where to go on; empty at the end. */
  readonly next: string;
}

/** Where a change of many stands. */
export interface BulkPlace {
  /** Where to go on; empty at its beginning. */
  readonly from: string;
  readonly progress: BulkProgress;
}

/** Where each begins. */
export const BEGINNING: BulkPlace = { from: "", progress: { doneCount: 0, leftCount: 0, firstRefusal: undefined } };

/**
 * Takes step after step from a place until there is none left or it is stopped, tells of the place after each, and answers whether all is done. A step that
 * throws ends it: what was done before stays done, and the place that was told last is where to go on.
 */
export async function runBulk(
  step: (from: string) => Promise<BulkStep>,
  { from, progress }: BulkPlace,
  onPlace: (place: BulkPlace) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const { doneCount, leftCount, refusal, next } = await step(from);
  const place = {
    from: next,
    progress: {
      doneCount: progress.doneCount + doneCount,
      leftCount: progress.leftCount + leftCount,
      firstRefusal: progress.firstRefusal ?? refusal,
    },
  };
  onPlace(place);
  if (next === "") return true;
  return signal.aborted ? false : runBulk(step, place, onPlace, signal);
}

/** Steps through ids, one at a time. What is refused is counted, and the others go on. */
export function stepThrough(
  ids: readonly string[],
  change: (id: string) => Promise<unknown>,
  isRefusal: (error: unknown) => boolean,
): (from: string) => Promise<BulkStep> {
  return async (from) => {
    const at = Number(from);
    const id = ids[at];
    if (id === undefined) return { doneCount: 0, leftCount: 0, next: "" };
    const next = at + 1 < ids.length ? String(at + 1) : "";
    try {
      await change(id);
      return { doneCount: 1, leftCount: 0, next };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { doneCount: 0, leftCount: 1, refusal: error, next };
    }
  };
}
