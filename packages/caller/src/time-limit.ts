/** Longest time that Node's timers can hold, in milliseconds: some 24 days. A limit beyond it is cut to it. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A signal that is aborted by another one, or when the time is over. */
export interface TimeLimit {
  readonly signal: AbortSignal;
  /** Whether the time was over before anything else. */
  timedOut(): boolean;
  /** What rejects when the signal is aborted, and settles in no other way. */
  over(): Promise<never>;
  /** Ends the limit: it neither holds a timer nor the other signal any more. */
  clear(): void;
}

/** Why the signal is aborted. */
export interface TimeLimitReasons {
  /** The time is over. */
  readonly over: () => Error;
  /** The other signal was aborted. Default: for its own reason. */
  readonly aborted: () => unknown;
}

/**
 * Begins a limit of time; what has none left is over at once. `AbortSignal.any` and `AbortSignal.timeout` would do the same, but leave a timer behind for each call until its
 * time is over, and something with a signal that outlives its calls.
 */
export function beginTimeLimit(outer: AbortSignal, ms: number, reasons: Partial<TimeLimitReasons> = {}): TimeLimit {
  const { over: overBecause = () => new Error("the time is over"), aborted = () => outer.reason as unknown } = reasons;
  const controller = new AbortController();
  let timedOut = false;
  const end = (): void => {
    timedOut = !controller.signal.aborted;
    controller.abort(overBecause());
  };
  const timer = ms > 0 ? setTimeout(end, Math.min(Math.ceil(ms), LONGEST_TIMER_MS)) : undefined;
  const abort = (): void => controller.abort(aborted());
  let over: Promise<never> | undefined;
  if (outer.aborted) abort();
  else if (timer === undefined) end();
  else outer.addEventListener("abort", abort, { once: true });
  return {
    signal: controller.signal,
    timedOut: () => timedOut,
    // Made where it is asked for: few who begin a limit do.
    over: () => (over ??= rejectionOf(controller.signal)),
    clear() {
      clearTimeout(timer);
      outer.removeEventListener("abort", abort);
    },
  };
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  const rejection = new Promise<never>((_resolve, reject) => {
    const refuse = (): void => reject(signal.reason as Error);
    if (signal.aborted) refuse();
    else signal.addEventListener("abort", refuse, { once: true });
  });
  // Nobody need wait for it.
  rejection.catch(() => undefined);
  return rejection;
}
