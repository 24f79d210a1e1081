/** A wait that can be over before its time. One at a time. */
export interface Pause {
  /** Waits so many milliseconds, or for as long as it takes, until it is ended. */
  wait(ms?: number): Promise<void>;
  /** Ends the wait that is under way, if there is one. */
  end(): void;
}

/** A pause that nobody waits for yet. */
export function createPause(): Pause {
  let end: (() => void) | undefined;
  return {
    async wait(ms) {
      await new Promise<void>((resolve) => {
        const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
        end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      end = undefined;
    },
    end: () => end?.(),
  };
}
