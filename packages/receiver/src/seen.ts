/** What is known of a call's id when it comes. */
export type Claim =
  /** Nobody has it: who asked has it now. */
  | "claimed"
  /** Somebody has it, and is not done. */
  | "running"
  /** It was handled. */
  | "done";

/**
 * Remembers which calls were handled, so that one that comes twice is handled once. An id is claimed before its handler runs, and is done only when that
 * succeeded: what failed may come again. Several processes that handle the same calls share one store.
 */
export interface SeenStore {
  /** Claims an id, as one step. A claim that is neither ended nor released lapses after `seconds`, since its process may be gone. */
  claim(id: string, seconds: number): Claim | Promise<Claim>;
  /** It was handled: for `seconds`, others that claim it are told so. What it answers is waited for. */
  done(id: string, seconds: number): unknown;
  /** It was not: the next one may claim it. */
  release(id: string): unknown;
}

/** Choices of `createMemoryStore()`. */
export interface MemoryStoreOptions {
  /** Most ids that are remembered: the oldest are forgotten first. Default: 10,000. */
  readonly maxIds?: number;
  /** The time, in milliseconds. Default: Date.now. */
  readonly now?: () => number;
}

interface Entry {
  readonly claim: "running" | "done";
  readonly until: number;
}

/** A store that answers at once. */
export interface MemoryStore extends SeenStore {
  claim(id: string, seconds: number): Claim;
  done(id: string, seconds: number): void;
  release(id: string): void;
}

/** A store within this process. */
export function createMemoryStore({ maxIds = 10_000, now = Date.now }: MemoryStoreOptions = {}): MemoryStore {
  // A map keeps the order of what was set: the oldest is the first.
  const entries = new Map<string, Entry>();
  const set = (id: string, claim: Entry["claim"], seconds: number): void => {
    entries.delete(id);
    entries.set(id, { claim, until: now() + seconds * 1000 });
    if (entries.size <= maxIds) return;
    const [oldest] = entries.keys();
    if (oldest !== undefined) entries.delete(oldest);
  };
  return {
    claim(id, seconds) {
      const entry = entries.get(id);
      if (entry && entry.until > now()) return entry.claim;
      set(id, "running", seconds);
      return "claimed";
    },
    done: (id, seconds) => set(id, "done", seconds),
    release: (id) => void entries.delete(id),
  };
}
