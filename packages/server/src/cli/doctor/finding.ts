/** How something stands. `skipped`: it could not be looked at, and another check says why. */
export type Level = "ok" | "warning" | "problem" | "skipped";

/** One thing that a check found. */
export interface Finding {
  readonly level: Level;
  /** What was found, in one line and without secrets. */
  readonly text: string;
  /** What to do about it. */
  readonly mend?: string | undefined;
}

/** Most lines of one check about many things of one kind. */
const MOST_LINES = 20;

/** Findings, of which the first ones stand for all when there are many. */
export function atMost(findings: readonly Finding[], level: Level): readonly Finding[] {
  if (findings.length <= MOST_LINES) return findings;
  const untold = findings.length - MOST_LINES;
  return [...findings.slice(0, MOST_LINES), { level, text: `and ${untold} more` }];
}

/** That all is well. */
export function ok(text: string): Finding {
  return { level: "ok", text };
}

/** That something works, and may not be meant. */
export function warning(text: string, mend: string): Finding {
  return { level: "warning", text, mend };
}

/** That something does not work. */
export function problem(text: string, mend?: string): Finding {
  return { level: "problem", text, mend };
}

/** That something was not looked at. */
export function skipped(text: string): Finding {
  return { level: "skipped", text };
}
