/** Remembers the latest of some numbers, and forgets the oldest. */
export interface RecentIds {
  add(id: number): void;
  has(id: number): boolean;
}

/** Remembers at most `most` numbers. */
export function createRecentIds(most: number): RecentIds {
  const ids = new Set<number>();
  return {
    add(id) {
      ids.add(id);
      if (ids.size <= most) return;
      // A set keeps the order in which its members came.
      const [oldest] = ids;
      if (oldest !== undefined) ids.delete(oldest);
    },
    has: (id) => ids.has(id),
  };
}
