import { after } from "node:test";

/** What is asked to clean up: a test's context, or `forSuite()`. */
export interface Cleanup {
  after(work: () => unknown): void;
}

const STEPS = new WeakMap<Cleanup, (() => unknown)[]>();

/** Adds a step to a test's cleaning up. The latest comes first, unlike with `t.after` itself: a server stops before its directory goes. */
export function cleanUp(t: Cleanup, work: () => unknown): void {
  const steps = STEPS.get(t);
  if (steps) {
    steps.push(work);
    return;
  }
  const first = [work];
  STEPS.set(t, first);
  t.after(async () => {
    for (let step = first.pop(); step; step = first.pop()) await step();
  });
}

/** Cleans up after a suite. Called in the body of a `describe`. */
export function forSuite(): Cleanup {
  const works: (() => unknown)[] = [];
  after(async () => {
    for (const work of works) await work();
  });
  return { after: (work) => void works.push(work) };
}
