/** So many parts does the time that is looked back on have. What is younger than it by up to one part may count no longer. */
const PARTS = 12;

/** What went well and what failed within the last while. Times are in milliseconds, of any clock that never goes back. */
export interface RecentOutcomes {
  count(failed: boolean, now: number): void;
  totals(now: number): { readonly all: number; readonly failed: number };
  clear(): void;
}

/** Counts within the last `spanMs`, with a memory that does not grow with the number of outcomes. */
export function createRecentOutcomes(spanMs: number): RecentOutcomes {
  const partMs = spanMs / PARTS;
  const parts = Array.from({ length: PARTS }, () => ({ nth: -1, all: 0, failed: 0 }));
  const partAt = (now: number): number => Math.floor(now / partMs);
  return {
    count(failed, now) {
      const nth = partAt(now);
      const part = parts[nth % PARTS];
      if (!part) return;
      if (part.nth !== nth) Object.assign(part, { nth, all: 0, failed: 0 });
      part.all++;
      if (failed) part.failed++;
    },
    totals(now) {
      const oldest = partAt(now) - PARTS + 1;
      let [all, failed] = [0, 0];
      for (const part of parts) {
        if (part.nth < oldest) continue;
        all += part.all;
        failed += part.failed;
      }
      return { all, failed };
    },
    clear() {
      for (const part of parts) Object.assign(part, { all: 0, failed: 0 });
    },
  };
}
