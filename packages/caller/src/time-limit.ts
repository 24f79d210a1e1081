import { whenAborted } from "./when-aborted.ts";

/** Longest time that Node's timers can hold, in milliseconds: some 24 days. A limit beyond it is cut to it. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A time that ends with another signal, or when it is over. */
export interface TimeLimit {
  /** Aborted at the end. Made where it is asked for: a signal costs more than all else of a limit. */
  readonly signal: AbortSignal;
  /** Has a listener called at the end, with the reason that a signal would have; at once, where it has come. */
  onEnd(listener: (reason: unknown) => void): void;
  /** Whether the time was over before anything else. */
  timedOut(): boolean;
  /** What rejects at the end, and settles in no other way. */
  over(): Promise<never>;
  /** Ends the limit: it neither holds a timer nor the other signal any more. */
  clear(): void;
}

/** Why it ends. */
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
  return new BegunLimit(outer, ms, reasons);
}

class BegunLimit implements TimeLimit {
  readonly #outer: AbortSignal;
  readonly #reasons: Partial<TimeLimitReasons>;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #stopListening: (() => void) | undefined;
  #hasEnded = false;
  #timedOut = false;
  #reason: unknown;
  #listeners: ((reason: unknown) => void)[] | undefined;
  #controller: AbortController | undefined;
  #over: Promise<never> | undefined;

  constructor(outer: AbortSignal, ms: number, reasons: Partial<TimeLimitReasons>) {
    this.#outer = outer;
    this.#reasons = reasons;
    if (outer.aborted) this.#onAbort();
    else if (ms <= 0) this.#onTime();
    else this.#stopListening = whenAborted(outer, this.#onAbort);
    if (ms > 0) this.#timer = setTimeout(this.#onTime, Math.min(Math.ceil(ms), LONGEST_TIMER_MS));
  }

  readonly #onTime = (): void => {
    if (this.#hasEnded) return;
    this.#timedOut = true;
    this.#end(this.#reasons.over?.() ?? new Error("the time is over"));
  };

  readonly #onAbort = (): void => {
    if (!this.#hasEnded) this.#end(this.#reasons.aborted ? this.#reasons.aborted() : this.#outer.reason);
  };

  #end(reason: unknown): void {
    this.#hasEnded = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    for (const listener of this.#listeners ?? []) listener(reason);
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#hasEnded) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  onEnd(listener: (reason: unknown) => void): void {
    if (this.#hasEnded) listener(this.#reason);
    else (this.#listeners ??= []).push(listener);
  }

  timedOut(): boolean {
    return this.#timedOut;
  }

  over(): Promise<never> {
    if (!this.#over) {
      this.#over = new Promise<never>((_resolve, reject) => this.onEnd(reject));
      // Nobody need wait for it.
      this.#over.catch(() => undefined);
    }
    return this.#over;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#stopListening?.();
  }
}
