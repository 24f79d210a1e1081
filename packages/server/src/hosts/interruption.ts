/** An error that ends something wherever it is, also while it waits. */
export interface Interruption<E> {
  /** Interrupts it, and answers the error that it ends with: the first one counts. */
  interrupt(error: E): E;
  /** What is promised, unless it is interrupted before. Only one promise is waited for at a time. */
  orInterrupted<T>(work: Promise<T>): Promise<T>;
  isInterrupted(): boolean;
}

/** Nothing is interrupted yet. A race with a promise of one's own would do the same, but keep something of each message as long as a stream lasts. */
export function createInterruption<E extends Error>(): Interruption<E> {
  let interruptedBy: E | undefined;
  let interrupt: ((error: E) => void) | undefined;
  const check = (): void => {
    if (interruptedBy) throw interruptedBy;
  };
  return {
    isInterrupted: () => interruptedBy !== undefined,
    interrupt(error) {
      interruptedBy ??= error;
      interrupt?.(interruptedBy);
      return interruptedBy;
    },
    async orInterrupted(work) {
      const interrupted = new Promise<never>((_resolve, reject) => (interrupt = reject));
      try {
        check();
        const done = await Promise.race([work, interrupted]);
        check();
        return done;
      } catch (error) {
        // Whoever is not waited for any more may fail as it likes.
        work.catch(() => undefined);
        throw interruptedBy ?? error;
      } finally {
        interrupt = undefined;
      }
    },
  };
}
