import { FIELD_OVERHEAD } from "./header-block.ts";

/** What the table can be before any SETTINGS (RFC 9113, section 6.5.2). */
export const INITIAL_TABLE_SIZE = 4096;
/** Least size of a field, and so the most fields that a table of some size has. */
const LEAST_FIELD = FIELD_OVERHEAD;

/**
 * The dynamic table (RFC 7541, sections 2.3.2 and 4): fields from the newest to the oldest, of which the oldest go when the room is used up. It is
 * a ring. A field stays in its slot while it lives; its age, which is 0 for the newest, is what an index counts.
 */
export class DynamicTable {
  /** Name and value of slot s at 2s and 2s + 1. Slots without a field hold "". */
  fields: string[] = [];
  /** Bytes of all fields, as RFC 7541, section 4.1 counts them. */
  size = 0;
  /** How many fields there are. */
  count = 0;
  /** Most bytes that there may be. */
  maxSize: number;
  /** Slot of the newest field. */
  #newest = -1;
  /** How many slots there are, less one. The number of slots is a power of two. */
  #mask: number;

  constructor(maxSize: number) {
    this.maxSize = maxSize;
    this.#mask = slotsFor(maxSize) - 1;
  }

  /** How many slots there are: at least as many as fields can be. */
  get slots(): number {
    return this.#mask + 1;
  }

  /** The slot of the field with an age, which must be less than `count`. */
  slotOf(age: number): number {
    return (this.#newest - age) & this.#mask;
  }

  /** The age of the field in a slot. Not less than `count`: the slot has none. */
  ageOf(slot: number): number {
    return (this.#newest - slot) & this.#mask;
  }

  /**
   * Adds a field of a size, after others have made room for it. Answers its slot; -1: it is larger than the whole table, which is then empty
   * (RFC 7541, section 4.4), and its strings do not matter.
   */
  add(name: string, value: string, size: number): number {
    this.#shrinkTo(this.maxSize - size);
    if (size > this.maxSize) return -1;
    const slot = (this.#newest + 1) & this.#mask;
    this.#newest = slot;
    this.fields[slot * 2] = name;
    this.fields[slot * 2 + 1] = value;
    this.size += size;
    this.count++;
    return slot;
  }

  /** Sets the most bytes that there may be. What no longer fits goes, oldest first. */
  setMaxSize(maxSize: number): void {
    this.maxSize = maxSize;
    this.#shrinkTo(maxSize);
    if (slotsFor(maxSize) > this.slots) this.#moveTo(slotsFor(maxSize));
  }

  #shrinkTo(size: number): void {
    while (this.size > size && this.count > 0) {
      const slot = this.slotOf(--this.count) * 2;
      this.size -= (this.fields[slot]?.length ?? 0) + (this.fields[slot + 1]?.length ?? 0) + FIELD_OVERHEAD;
      // A slot must not hold on to strings that no longer count: there are many slots, and a string can be as large as the table.
      this.fields[slot] = "";
      this.fields[slot + 1] = "";
    }
  }

  /** Moves the fields to a ring of more slots, the oldest to slot 0. */
  #moveTo(slots: number): void {
    const fields: string[] = [];
    for (let age = this.count - 1; age >= 0; age--) {
      const slot = this.slotOf(age) * 2;
      fields.push(this.fields[slot] ?? "", this.fields[slot + 1] ?? "");
    }
    this.fields = fields;
    this.#newest = this.count - 1;
    this.#mask = slots - 1;
  }
}

function slotsFor(maxSize: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, Math.floor(maxSize / LEAST_FIELD))));
}
