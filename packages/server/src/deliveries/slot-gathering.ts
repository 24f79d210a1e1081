import { createPause } from "./pause.ts";
import { SCARCE_SHARE } from "./turns.ts";

/** For how long after the last claim slots are gathered, unless as large a share of all is free before. */
interface Gathering {
  readonly ms: number;
  readonly share: number;
}

const GATHERING: Gathering = { ms: 10, share: SCARCE_SHARE };
/** Where the event loop is busy, attempts wait for it and not for slots: those that are free for longer cost nothing, and larger claims leave more to all else. */
const GATHERING_WHERE_BUSY: Gathering = { ms: 50, share: 0.5 };
/** An event loop that waited for less than a quarter of the time since slots were last gathered is busy. */
const BUSY = 0.75;

/** Lets claims wait for slots that become free: a claim of much costs less than many of little. */
export interface SlotGathering {
  /** Waits, where slots become free and few are. */
  wait(): Promise<void>;
  /** A claim begins. */
  claimBegins(): void;
  /** An attempt ended: its slot is free. */
  attemptEnded(): void;
  /** More slots may be free for another reason. */
  look(): void;
}

/** What it looks at. */
export interface SlotGatheringParts {
  /** How many slots there are. */
  readonly slots: number;
  readonly freeSlots: () => number;
  /** Share of the time since this was last called in which the event loop had something to do. */
  readonly loopLoad: () => number;
}

/** Gathers free slots between one claim and the next. */
export function createSlotGathering({ slots, freeSlots, loopLoad }: SlotGatheringParts): SlotGathering {
  /** Attempts that ended since slots were last waited for. */
  let ended = 0;
  let beganAt = Number.NEGATIVE_INFINITY;
  /** So many free slots end the waiting. */
  let enough = 0;
  const pause = createPause();
  const look = (): void => {
    if (freeSlots() >= enough) pause.end();
  };
  return {
    look,
    async wait() {
      if (ended === 0) return;
      const { ms, share } = loopLoad() > BUSY ? GATHERING_WHERE_BUSY : GATHERING;
      enough = slots * share;
      const rest = beganAt + ms - performance.now();
      if (rest > 0 && freeSlots() < enough) await pause.wait(rest);
      // Those that ended meanwhile are what was waited for.
      ended = 0;
    },
    claimBegins() {
      beganAt = performance.now();
    },
    attemptEnded() {
      ended++;
      look();
    },
  };
}

/** How busy the event loop of this process was since it was last asked, as a share of the time. */
export function createLoopLoad(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}
