import { waited } from "./waited.ts";

/** What is swept, and how often. */
export interface SweepingParts {
  /** Between two sweeps, in milliseconds; the first one comes after that too. */
  readonly everyMs: number;
  /** Makes the sweep, which ends early once `stopping` is aborted. */
  readonly createSweep: (stopping: AbortSignal) => () => Promise<unknown>;
  readonly onError: (error: unknown) => void;
}

/** Sweeps in the background. */
export interface Sweeping {
  /** Ends after what is under way. */
  stop(): Promise<void>;
}

/** Sweeps again and again. One that fails is told of, and the next one begins anew. */
export function startSweeping({ everyMs, createSweep, onError }: SweepingParts): Sweeping {
  const stopping = new AbortController();
  const sweep = createSweep(stopping.signal);
  const run = async (): Promise<void> => {
    while (await waited(everyMs, stopping.signal)) {
      try {
        await sweep();
      } catch (error) {
        onError(error);
      }
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
