import type { ClaimedDelivery } from "../store/sql/claim-deliveries.ts";

/** What is claimed ahead is what ends within about so long, in milliseconds: so long it waits, and no queue is claimed of much more often. */
const SPAN_MS = 25;

/** A delivery that was claimed ahead. */
export interface AheadDelivery {
  readonly delivery: ClaimedDelivery;
  /** The database's time then, in milliseconds since 1970. */
  readonly at: number;
}

/** What of a queue was claimed before there is room for it, in its order, and how much that should be: as attempts ended of late. */
export class Ahead {
  #waiting: AheadDelivery[] = [];
  /** Attempts that ended since the last claim, and when that was. */
  #ended = 0;
  #claimedAt = Number.NEGATIVE_INFINITY;

  get size(): number {
    return this.#waiting.length;
  }

  put(claimed: AheadDelivery): void {
    this.#waiting.push(claimed);
  }

  /** Takes the first one. */
  take(): AheadDelivery | undefined {
    return this.#waiting.shift();
  }

  /** Takes all. */
  takeAll(): readonly AheadDelivery[] {
    const all = this.#waiting;
    this.#waiting = [];
    return all;
  }

  /** An attempt of the queue ended. */
  countEnd(): void {
    this.#ended++;
  }

  /** How many should be claimed ahead by the claim that begins now. */
  claimBegins(now: number): number {
    const wanted = (this.#ended * SPAN_MS) / Math.max(SPAN_MS, now - this.#claimedAt);
    [this.#ended, this.#claimedAt] = [0, now];
    return Math.floor(wanted);
  }
}
