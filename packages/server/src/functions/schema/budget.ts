/** Most steps for one value. A step is about what looking at one property takes; this is some tenth of a second. */
const MAX_STEPS = 1_000_000;
/** How deep references and values may lead into one another. */
const MAX_DEPTH = 500;

/** Thrown when a check would take longer than anybody should wait for it. */
export class CheckTooCostly extends Error {
  override readonly name = "CheckTooCostly";
}

/** What one check may still cost. A schema of a few lines can ask for more steps than there is time, by references that double one another. */
export interface Budget {
  /** Takes steps away. Throws CheckTooCostly when there are not as many left. */
  spend(steps: number): void;
  /** Does work one level deeper. Throws CheckTooCostly past the deepest. */
  deeper<T>(work: () => T): T;
}

/** The budget of one check. */
export function createBudget(): Budget {
  let left = MAX_STEPS;
  let depth = 0;
  return {
    spend(steps) {
      left -= steps;
      if (left < 0) throw new CheckTooCostly();
    },
    deeper(work) {
      if (depth >= MAX_DEPTH) throw new CheckTooCostly();
      depth++;
      try {
        return work();
      } finally {
        depth--;
      }
    },
  };
}
