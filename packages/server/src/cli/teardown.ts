/** Collects how to stop what has been started, and stops it in reverse order, once. */
export interface Teardown {
  /** Adds one step. */
  add(name: string, stop: () => unknown): void;
  /** Runs all steps, the latest first. One that fails does not keep the others from running; the first error is thrown at the end. */
  run(): Promise<void>;
}

/** An empty teardown. */
export function createTeardown(): Teardown {
  const steps: { name: string; stop: () => unknown }[] = [];
  return {
    add: (name, stop) => void steps.push({ name, stop }),
    async run() {
      const errors: unknown[] = [];
      for (let step = steps.pop(); step; step = steps.pop()) {
        try {
          await step.stop();
        } catch (error) {
          errors.push(new Error(`stopping ${step.name} failed`, { cause: error }));
        }
      }
      if (errors.length > 0) throw errors[0];
    },
  };
}
