import type { Teardown } from "../../packages/server/src/assembly/teardown.ts";

/** One claim about speed, and how it is checked. `bench/NAME/index.ts` exports one as `benchmark`. */
export interface Benchmark {
  /** What is claimed, in one sentence. */
  readonly claim: string;
  measure(work: Work): Promise<Findings>;
}

/** What a benchmark is given to work with. */
export interface Work {
  /** `quick` only shows that everything runs: its numbers mean nothing, and no report is written. */
  readonly effort: "full" | "quick";
  /** Says what is being done, to people who wait. */
  readonly progress: (text: string) => void;
  /** Whatever is started is added here. */
  readonly teardown: Teardown;
}

/** What was found. */
export interface Findings {
  readonly tables: readonly Table[];
  readonly bounds: readonly Bound[];
  /** What the numbers mean for somebody who decides by them, in one sentence. */
  readonly meaning: string;
  /** The same to look at, as SVG. It stands beside the report. */
  readonly picture?: string;
}

/** Numbers for people. */
export interface Table {
  readonly title: string;
  /** How to read it, and how it was measured. */
  readonly note: string;
  /** Headings; every column but the first is aligned to the right. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A number that the claim stands or falls with: a ratio or a share of one run, never an absolute time. */
export interface Bound {
  readonly what: string;
  readonly measured: number;
  readonly under: number;
  /** How both are written. */
  readonly format: (value: number) => string;
}

/** Whether a bound holds. What could not be measured does not hold. */
export function holds({ measured, under }: Bound): boolean {
  return measured < under;
}
