/** Longest time that a step gets by default. None has anything to do that takes as long. */
const STEP_MS = 15_000;
/** What draining may take beyond the time that running calls get. */
export const DRAIN_SLACK_MS = 5_000;

/** Collects how to stop what has been started, and stops it in reverse order, once. */
export interface Teardown {
  /** Adds one step. After `limitMs` it is given up. Default: 15 seconds. */
  add(name: string, stop: () => unknown, limitMs?: number): void;
  /** Runs all steps, the latest first. One that fails, or takes too long, does not keep the others from running; the first error is thrown at the end. */
  run(): Promise<void>;
}

/** An empty teardown. */
export function createTeardown(): Teardown {
  const steps: { name: string; stop: () => unknown; limitMs: number }[] = [];
  return {
    add: (name, stop, limitMs = STEP_MS) => void steps.push({ name, stop, limitMs }),
    async run() {
      const errors: unknown[] = [];
      for (let step = steps.pop(); step; step = steps.pop()) {
        try {
          await within(step.limitMs, step.stop());
        } catch (error) {
          errors.push(new Error(`stopping ${step.name} failed`, { cause: error }));
        }
      }
      if (errors.length > 0) throw errors[0];
    },
  };
}

/** What is promised, if it comes in time. */
async function within(limitMs: number, promise: unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it took more than ${limitMs / 1000} seconds`)), limitMs);
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
