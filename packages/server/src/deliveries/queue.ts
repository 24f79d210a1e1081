import {
  createBreaker,
  createPacer,
  createRecentOutcomes,
  createSlowing,
  completeDeliverySettings,
  type Pacer,
  type Target,
  type TargetSign,
} from "@interpose/engine";
import type { QueueChange } from "../store/sql/update-queues.ts";
import type { StoredQueue } from "../store/sql/queue-row.ts";
import type { PlaceInQueue } from "../store/sql/claim-deliveries.ts";
import { Ahead } from "./ahead.ts";

/** A commit may become visible so much later than the times in it. What is later still is found by polling. */
const LATE_COMMIT_MS = 2_000;
/** More new events of Interpose's own than that, told to one target within a minute, can only come of these deliveries themselves. */
const MOST_OWN_EVENTS = 1_000;
const OWN_EVENTS_SPAN_MS = 60_000;

const GONE = "The endpoint answered 410 Gone. Mend or replace the endpoint, then resume.";
const LOOP = `More than ${MOST_OWN_EVENTS} events of Interpose's own were delivered within a minute, so that these deliveries seem to cause them. Take the target off the executions on such events, or let it change nothing in return, then resume.`;

/** Before all that can be in a queue. */
const BEGINNING: PlaceInQueue = { dueAt: 0, id: 0n };

/** A delivery that this worker has claimed, until what became of it is written. */
export interface HeldDelivery extends PlaceInQueue {
  readonly fifoKey: string | null;
}

/** Why a queue holds back all that is in it. */
export type Hold = "paused" | "open";

/**
 * A queue that this worker owns: what it knows of the target, and how much may begin. It is *paused*, *open* (its breaker), *slowed*, or none of these; it is
 * *leaving* once another worker shall have it, and *gone* once its target is. Times are those of `performance.now()`, but for those of deliveries.
 */
export class OwnedQueue {
  readonly targetId: string;
  /** What is claimed and not written yet. */
  readonly held = new Map<bigint, HeldDelivery>();
  /** Attempts that are under way. */
  active = 0;
  /** Attempts that begin as soon as what they are of is committed, if it is. */
  reserved = 0;
  /** Whether something may be due that is not claimed. */
  hasDue = false;
  /** Whether the last claim may have left some that were due. */
  leftSome = false;
  /** What is claimed and waits for room. */
  readonly ahead = new Ahead();
  /** Whether deliveries may wait behind others of their key. Only the owner lets them, so it is known. */
  mayHaveQueued = true;
  isLeaving = false;
  isGone = false;
  /** Changes of its row that were decided and are not written yet. */
  unwritten = 0;
  timer: NodeJS.Timeout | undefined;
  timerAt = Number.POSITIVE_INFINITY;

  readonly #breaker = createBreaker();
  readonly #slowing = createSlowing();
  readonly #ownEvents = createRecentOutcomes(OWN_EVENTS_SPAN_MS);
  readonly #since: number;
  #pacer: Pacer | undefined;
  #perSecond = 0;
  #pausedBy: StoredQueue["pausedBy"] = null;
  #pause: QueueChange["pause"];
  #mark = "";
  /** Nothing that is not held waits before that. */
  #first = BEGINNING;
  #isBeingClaimed = false;
  /** Handed over since the claim that is under way began, which may answer them once more. */
  readonly #handedOver = new Set<bigint>();
  /** Found by a claim, while a publish that may hand them over is under way. */
  readonly #foundFirst = new Set<bigint>();

  constructor(row: StoredQueue, now: number) {
    this.targetId = row.targetId;
    this.#since = now;
    this.read(row, now);
  }

  /** It is this worker's again, after it was another's perhaps. */
  reacquired(row: StoredQueue, now: number): void {
    this.isLeaving = false;
    this.mayHaveQueued = true;
    this.#first = BEGINNING;
    this.read(row, now);
  }

  /** What holds all of it back, if anything does. */
  hold(): Hold | undefined {
    if (this.#pausedBy !== null) return "paused";
    return this.#breaker.state().openings > 0 ? "open" : undefined;
  }

  /** Whether its row says anything but that all is well. */
  isHindered(now: number): boolean {
    return this.hold() !== undefined || this.#slowing.until() > now;
  }

  /** Takes over what its row says, where that was changed by others. Answers what holds it back from now on, where that is news. */
  read(row: StoredQueue, now: number): Hold | "resumed" | undefined {
    if (this.unwritten > 0) return undefined;
    const before = this.hold();
    this.#pausedBy = row.pausedBy;
    if (row.mark !== this.#mark) {
      this.#mark = row.mark;
      this.#breaker.restore({ openings: row.openings, probeAt: now + (row.probeMs ?? 0) });
      this.#slowing.restore(now + (row.slowedMs ?? -1), now);
    }
    const after = this.hold();
    if (after === before) return undefined;
    return after ?? "resumed";
  }

  /** Notes that so many changes of its row were written; without a mark, it is another worker's by now. */
  written(mark: string | undefined, count: number): void {
    this.#mark = mark ?? this.#mark;
    this.unwritten -= count;
    if (this.unwritten === 0) this.#pause = undefined;
  }

  /** A claim of it begins. One is under way at a time. */
  claimBegins(): void {
    this.#isBeingClaimed = true;
  }

  /** Holds a delivery that a claim has answered. False: it was handed over meanwhile. `wasOwn`: see `FoundDelivery`. */
  takeFound(delivery: HeldDelivery, wasOwn: boolean): boolean {
    const { id } = delivery;
    if (this.held.has(id) || this.#handedOver.has(id)) return false;
    this.held.set(id, delivery);
    if (wasOwn && this.reserved > 0) this.#foundFirst.add(id);
    return true;
  }

  claimEnded(): void {
    this.#isBeingClaimed = false;
    this.#handedOver.clear();
  }

  /** Keeps room for a delivery that is about to be committed. */
  reserve(): void {
    this.reserved++;
  }

  /** Holds a delivery that was committed in a room that was kept. False: a claim has found it already, and perhaps it is over. */
  takeCommitted(delivery: HeldDelivery): boolean {
    const { id } = delivery;
    if (this.#foundFirst.delete(id)) return false;
    this.held.set(id, delivery);
    if (this.#isBeingClaimed) this.#handedOver.add(id);
    return true;
  }

  /** Gives up the room that was kept. */
  unreserve(): void {
    this.reserved--;
    if (this.reserved === 0) this.#foundFirst.clear();
  }

  /** Whether nothing binds it to this worker, so that another one may have it. */
  isFree(): boolean {
    return this.held.size === 0 && this.unwritten === 0 && this.reserved === 0;
  }

  /** Whether anything of a key is claimed. */
  isAttempting(fifoKey: string): boolean {
    for (const held of this.held.values()) if (held.fifoKey === fifoKey) return true;
    return false;
  }

  /** How many attempts may begin. */
  room(target: Target | undefined, now: number): number {
    if (this.#pausedBy !== null || this.isLeaving || this.isGone) return 0;
    const { maxConcurrency, maxPerSecond } = completeDeliverySettings(target?.delivery);
    const inAll = Math.min(maxConcurrency, this.#slowing.concurrency(now)) - this.active;
    const room = Math.min(inAll, this.#breaker.room(now), this.#pacerFor(maxPerSecond).room(now));
    return Math.max(0, room - this.reserved);
  }

  /** How many more than there is room for a claim that begins now should take. None where anything but the number of attempts at once may be the limit. */
  claimAhead(target: Target | undefined, now: number): number {
    const wanted = this.ahead.claimBegins(now);
    const isPaced = completeDeliverySettings(target?.delivery).maxPerSecond > 0;
    return this.leftSome && !isPaced && this.goesOn(now) ? wanted : 0;
  }

  /** Whether something may wait in it, claimed or not. */
  hasMore(): boolean {
    return this.hasDue || this.ahead.size > 0;
  }

  /** Whether it is kept from nothing but by the number of attempts at once. */
  goesOn(now: number): boolean {
    return !(this.isHindered(now) || this.isLeaving || this.isGone);
  }

  /** When there is room again without anything ending before; undefined: not by time alone. */
  roomAt(target: Target | undefined, now: number): number | undefined {
    if (this.#pausedBy !== null || this.isLeaving || this.isGone) return undefined;
    const { openings, probeAt } = this.#breaker.state();
    const times = [this.#slowing.until(), openings > 0 ? probeAt : 0];
    const pacer = this.#pacerFor(completeDeliverySettings(target?.delivery).maxPerSecond);
    if (pacer.room(now) === 0) times.push(pacer.nextAt());
    const at = Math.max(...times);
    return at > now ? at : undefined;
  }

  /** From where on there can be something that is due and not held. */
  first(): PlaceInQueue {
    let first = this.#first;
    for (const held of this.held.values()) first = earlier(first, held);
    return first;
  }

  /** Something was found that was due then, in milliseconds since 1970. */
  foundDue(dueAt: number): void {
    this.#first = earlier(this.#first, { dueAt, id: 0n });
  }

  /** A claim has taken all that was due up to a place, when the database's clock stood at `at`. */
  tookUpTo({ dueAt, id }: PlaceInQueue, at: number): void {
    this.#first = earlier({ dueAt, id }, { dueAt: at - LATE_COMMIT_MS, id: 0n });
  }

  /** An attempt begins. */
  begin(now: number): void {
    this.active++;
    this.#breaker.begin();
    this.#pacer?.begin(now);
  }

  /** A delivery of an event of Interpose's own was claimed, which happened so long before. True: it was one too many, and the queue is paused. */
  countOwnEvent(ageMs: number, now: number): boolean {
    // What was held for long, and comes all at once now, says nothing of a loop.
    if (ageMs > OWN_EVENTS_SPAN_MS) return false;
    this.#ownEvents.count(false, now);
    if (this.#pausedBy !== null || this.#ownEvents.totals(now).all <= MOST_OWN_EVENTS) return false;
    this.#ownEvents.clear();
    this.#pauseBy("loop", LOOP);
    return true;
  }

  /** An attempt ended. True: the row has to be written. */
  ended(sign: TargetSign, target: Target | undefined, now: number): boolean {
    this.active--;
    this.ahead.countEnd();
    switch (sign.kind) {
      case "works":
        this.#slowing.succeeded(completeDeliverySettings(target?.delivery).maxConcurrency);
        return this.#changed(this.#breaker.succeeded(now));
      case "fails":
        return this.#changed(this.#breaker.failed(now));
      case "slow": {
        const isNew = this.#slowing.slow(sign.retryAfterMs, now);
        // Many attempts that were under way and are told the same are one failure.
        const opened = (isNew || this.hold() === "open") && this.#breaker.failed(now);
        return this.#changed(isNew || opened);
      }
      case "gone":
        this.#breaker.ended();
        if (this.#pausedBy !== null) return false;
        this.#pauseBy("target", GONE);
        return true;
      case "nothing":
        this.#breaker.ended();
        return false;
    }
  }

  /** What of it has to be written. */
  change(now: number): QueueChange {
    const { openings, probeAt } = this.#breaker.state();
    const until = this.#slowing.until();
    return {
      targetId: this.targetId,
      slowedMs: until > now ? until - now : null,
      openings,
      probeMs: openings > 0 ? Math.max(0, probeAt - now) : null,
      pause: this.#pause,
    };
  }

  #changed(isChanged: boolean): boolean {
    if (isChanged) this.unwritten++;
    return isChanged;
  }

  #pauseBy(by: "target" | "loop", reason: string): void {
    this.#pausedBy = by;
    this.#pause = { by, reason };
    this.unwritten++;
  }

  #pacerFor(perSecond: number): Pacer {
    if (!this.#pacer || perSecond !== this.#perSecond) {
      // Whoever had the queue before may have used up the second before.
      this.#pacer = createPacer(perSecond, this.#pacer ? performance.now() : this.#since);
      this.#perSecond = perSecond;
    }
    return this.#pacer;
  }
}

function earlier(a: PlaceInQueue, b: PlaceInQueue): PlaceInQueue {
  return b.dueAt < a.dueAt || (b.dueAt === a.dueAt && b.id < a.id) ? b : a;
}
