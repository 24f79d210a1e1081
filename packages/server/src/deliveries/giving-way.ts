/**
 * So long what can wait gives way to publishes that are under way in this process and are handed over, in milliseconds: it runs beside one only if that begins
 * while it is under way. `docs/decisions/0040-a-backlog-gives-way.md` has the numbers.
 */
const GIVE_WAY_MS = 8;
/** For as long after the last publish, what was handed over is on its way to its target, and whoever published is being answered. */
const HANDED_OVER_MS = 1;

/** Something that can wait. */
export interface GivingWay {
  /** Whether it has to wait. If so, it is told when it has waited for long enough, and may go once. */
  mustWait(): boolean;
}

/** The deliveries that are being published here and begin once they are committed, and what gives way to them. */
export interface Publishing {
  begin(): void;
  end(): void;
  /** How many there are. */
  count(): number;
  /** One more that gives way: until there are none, and not for long. It is told so by `onFree`. */
  giveWay(onFree: () => void): GivingWay;
}

/** Nothing is being published yet. */
export function createPublishing(): Publishing {
  let count = 0;
  /** Of the last one. */
  let handedOver: NodeJS.Timeout | undefined;
  const waiting = new Set<() => void>();

  function letGo(): void {
    handedOver = undefined;
    for (const free of waiting) free();
  }
  return {
    begin() {
      clearTimeout(handedOver);
      handedOver = undefined;
      count++;
    },
    end() {
      count--;
      if (count === 0) handedOver = setTimeout(letGo, HANDED_OVER_MS);
    },
    count: () => count,
    giveWay(onFree) {
      let timer: NodeJS.Timeout | undefined;
      let hasWaited = false;
      function free(): void {
        clearTimeout(timer);
        timer = undefined;
        waiting.delete(free);
        hasWaited = true;
        onFree();
      }
      return {
        mustWait() {
          if (timer !== undefined) return true;
          const isFree = count === 0 && handedOver === undefined;
          const mayGo = isFree || hasWaited;
          hasWaited = false;
          if (mayGo) return false;
          waiting.add(free);
          timer = setTimeout(free, GIVE_WAY_MS);
          return true;
        },
      };
    },
  };
}
