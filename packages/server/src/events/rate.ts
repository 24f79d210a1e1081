/** Says whether something may happen now, so that no more than so many things happen within a second. */
export interface Rate {
  /** Takes `count` at once, and answers 0; or takes nothing, and answers after how many milliseconds to ask again. */
  take(count: number): number;
}

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
      const needed = Math.min(count, perSecond);
      if (tokens < needed) return Math.ceil(((needed - tokens) / perSecond) * 1000);
      tokens -= count;
      return 0;
    },
  };
}
