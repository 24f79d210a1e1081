/** How much of something a peer may do: at once, and for each second after that. */
export interface BudgetLimits {
  readonly burst: number;
  readonly perSecond: number;
}

/** Counts what a peer does that costs us more than it: resets, empty frames, settings. A token bucket; time is an argument. */
export class Budget {
  readonly #limits: BudgetLimits;
  #left: number;
  #at = 0;

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
    this.#left = limits.burst;
  }

  /** Spends one. `false`: there is none left. `now` is in milliseconds and never goes back. */
  spend(now: number): boolean {
    const { burst, perSecond } = this.#limits;
    if (this.#at !== 0) this.#left = Math.min(burst, this.#left + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
