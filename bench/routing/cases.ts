import type { Pair } from "../harness/turns.ts";

/** Executions stored: `a` few, `b` many. */
export const STORED: Pair<number> = { a: 10, b: 10_000 };
/** Methods that are called in turn: those of one API, or so many that no cache close to the processor holds all that is read for them. */
export const CALLED = { few: 10, many: 10_000 } as const;
/** What the methods called are hooked by. */
export const HOOKED_BY = ["method", "service", "all", "nothing"] as const;

/** One row of the measurement. */
export interface Lookups {
  readonly how: "call" | "maps";
  readonly called: keyof typeof CALLED;
  readonly hookedBy: (typeof HOOKED_BY)[number];
  /** Nanoseconds for both sides of one call. */
  readonly nanoseconds: Pair<number>;
  /** How many times longer it takes with many stored: the median of the ratios of each turn. */
  readonly ratio: number;
}
