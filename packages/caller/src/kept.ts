/** Things that are made of a key when they are first asked for, and kept as long as they are in use. */
export interface Kept<T> {
  of(key: string): T;
  all(): readonly T[];
}

/** How things are made, and when they go. */
export interface KeptOptions<T> {
  readonly make: (key: string) => T;
  /** Told of each that goes, not having been asked for so long. */
  readonly onDropped?: (kept: T) => void;
  readonly keepMs: number;
  /** Milliseconds since any time. */
  readonly now: () => number;
}

/** Nothing yet. It looks for what to drop when something is made, and not at every such time. */
export function createKept<T>({ make, onDropped, keepMs, now }: KeptOptions<T>): Kept<T> {
  const entries = new Map<string, { readonly value: T; usedAt: number }>();
  let lookedAt = now();
  const dropUnused = (at: number): void => {
    if (at - lookedAt < keepMs / 10) return;
    lookedAt = at;
    for (const [key, { value, usedAt }] of entries) {
      if (at - usedAt < keepMs) continue;
      entries.delete(key);
      onDropped?.(value);
    }
  };
  return {
    of(key) {
      const at = now();
      const found = entries.get(key);
      if (found !== undefined) {
        found.usedAt = at;
        return found.value;
      }
      dropUnused(at);
      const value = make(key);
      entries.set(key, { value, usedAt: at });
      return value;
    },
    all: () => [...entries.values()].map(({ value }) => value),
  };
}
