/** Says whether something may happen now, so that no more than so many things happen within a second. */
export interface Rate {
  /** Takes `count` at once, and answers 0; or takes nothing, and answers after how many milliseconds to ask again. */
  take(count: number): number;
}

/** Parts of a token that do not count. */
const ROUNDING = 1e-6;

/**
 * A bucket that fills with `perSecond` tokens each second, up to that number, and is full at first. More than it can hold may be taken at once when it is full: what is then
 * lacking is waited for afterwards. 0 stands for no limit. `now` is in milliseconds and never goes back.
 */
export function createRate(perSecond: number, now: () => number): Rate {
  if (perSecond === 0) return { take: () => 0 };
  let tokens = perSecond;
  let filledAt = now();
  return {
    take(count) {
      const at = now();
      tokens = Math.min(perSecond, tokens + ((at - filledAt) / 1000) * perSecond);
      filledAt = at;
      const lacking = Math.min(count, perSecond) - tokens;
      // Sums of fractions are never quite what they should be.
      if (lacking > ROUNDING) return Math.ceil(((lacking - ROUNDING) / perSecond) * 1000);
      tokens -= count;
      return 0;
    },
  };
}
