/** How long an id that was passed over may still appear: a publisher's statement is under way, or was taken back. */
const WAIT_MS = 30_000;
/** Most of them that are waited for. */
const MOST = 10_000;

/** Ids that were given to rows which nobody sees yet: smaller ones may be committed after larger ones. */
export interface MissingIds {
  /** Those that may still appear. */
  list(now: Date): readonly bigint[];
  /** Takes note of ids that were found, behind the largest one that was known, and answers the largest one now. */
  found(ids: readonly bigint[], newest: bigint, now: Date): bigint;
}

/** Nothing is missing yet. */
export function createMissingIds(): MissingIds {
  /** When each was passed over; the oldest stand first. */
  const passedAt = new Map<bigint, number>();
  return {
    list(now) {
      for (const [id, time] of passedAt) {
        if (passedAt.size <= MOST && now.getTime() - time <= WAIT_MS) break;
        passedAt.delete(id);
      }
      return [...passedAt.keys()];
    },
    found(ids, newest, now) {
      let last = newest;
      for (const id of ids) {
        passedAt.delete(id);
        if (id <= last) continue;
        const from = id - last > BigInt(MOST) ? id - BigInt(MOST) : last + 1n;
        for (let passed = from; passed < id; passed++) passedAt.set(passed, now.getTime());
        last = id;
      }
      return last;
    },
  };
}
