/** A stream, as far as a table knows it. */
interface Numbered {
  readonly id: number;
}

/** Slots of an empty table. A power of two, as is every size. */
const LEAST_SLOTS = 16;

/**
 * The open streams of a connection by their numbers: open addressing with linear probing. Not a `Map`: V8 makes one in which much comes and goes anew again and again, and the former
 * one keeps what it held and points to the next. Once one of them has grown old, all that follow, and the streams that were in them, survive the collections of young objects.
 */
export class StreamTable<S extends Numbered> {
  #slots: (S | undefined)[] = emptySlots(LEAST_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): S | undefined {
    return this.#slots[this.#slotOf(id)];
  }

  /** Puts a stream in, whose number no other one has. */
  add(stream: S): void {
    if ((this.#size + 1) * 2 > this.#slots.length) this.#grow();
    this.#slots[this.#slotOf(stream.id)] = stream;
    this.#size++;
  }

  /** Answers whether it was there. */
  delete(id: number): boolean {
    let hole = this.#slotOf(id);
    if (this.#slots[hole] === undefined) return false;
    this.#size--;
    // What stands behind is found only without holes on the way from where it belongs.
    for (let at = this.#next(hole); ; at = this.#next(at)) {
      const stream = this.#slots[at];
      if (stream === undefined) break;
      const home = this.#homeOf(stream.id);
      const isReached = hole <= at ? home <= hole || home > at : home <= hole && home > at;
      if (!isReached) continue;
      this.#slots[hole] = stream;
      hole = at;
    }
    this.#slots[hole] = undefined;
    return true;
  }

  /** All streams at this moment, the oldest first. */
  all(): S[] {
    return this.#slots.filter((stream) => stream !== undefined).sort((one, other) => one.id - other.id);
  }

  /** Where a stream is, or would be put. */
  #slotOf(id: number): number {
    let at = this.#homeOf(id);
    for (let stream = this.#slots[at]; stream !== undefined && stream.id !== id; stream = this.#slots[at])
      at = this.#next(at);
    return at;
  }

  /** Numbers of streams are all even or all odd, and follow one another. */
  #homeOf(id: number): number {
    return (id >>> 1) & (this.#slots.length - 1);
  }

  #next(at: number): number {
    return (at + 1) & (this.#slots.length - 1);
  }

  #grow(): void {
    const streams = this.all();
    this.#slots = emptySlots(this.#slots.length * 2);
    for (const stream of streams) this.#slots[this.#slotOf(stream.id)] = stream;
  }
}

function emptySlots<S>(count: number): (S | undefined)[] {
  return new Array<S | undefined>(count).fill(undefined);
}
