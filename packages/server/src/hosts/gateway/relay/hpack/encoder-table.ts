import { DynamicTable } from "./dynamic-table.ts";
import { FIELD_OVERHEAD } from "./header-block.ts";
import { STATIC_COUNT, STATIC_FIELDS, STATIC_NAMES } from "./static-table.ts";

/** How many chains the fields are spread over by their key. A power of two. */
const CHAINS = 64;
/** How many keys of values are remembered that were not indexed. A power of two. */
const SEEN = 64;
/** No slot. */
const NONE = -1;

/** The fields of the static table that have a value, by their key. If two had the same, one of them would only not be found. */
const STATIC_KEYS = staticKeys();

/**
 * The dynamic table as an encoder needs it: it also finds fields. A *place* is where a field stands, and stays as long as it does: 1 to 61 in the
 * static table, higher ones are slots of the dynamic table. 0 is none.
 */
export class EncoderTable {
  readonly dynamic: DynamicTable;
  /** By chain: the slot of its newest field. By slot: key of the field, and the slot of the next older field of its chain. */
  readonly #chains = new Int32Array(CHAINS).fill(NONE);
  readonly #keys: Int32Array;
  readonly #older: Int32Array;
  /** Slot of the newest field of a name. Some have gone; they are cleared out from time to time. */
  readonly #names = new Map<string, number>();
  /** Keys that were asked for. Each has one slot that it can be in. */
  readonly #seen = new Int32Array(SEEN);
  #random = 1;

  constructor(maxSize: number) {
    this.dynamic = new DynamicTable(maxSize);
    this.#keys = new Int32Array(this.dynamic.slots);
    this.#older = new Int32Array(this.dynamic.slots);
  }

  /** The index of the field at a place (RFC 7541, section 2.3.3), if it is this name and value; 0 if not. */
  indexAt(place: number, name: string, value: string): number {
    if (place > STATIC_COUNT) {
      const { dynamic } = this;
      const slot = place - STATIC_COUNT - 1;
      if (dynamic.fields[slot * 2 + 1] !== value || dynamic.fields[slot * 2] !== name) return 0;
      const age = dynamic.ageOf(slot);
      return age < dynamic.count ? STATIC_COUNT + 1 + age : 0;
    }
    return place !== 0 && STATIC_FIELDS[place * 2 + 1] === value && STATIC_FIELDS[place * 2] === name ? place : 0;
  }

  /** The place of a field; 0 if it is in neither table. */
  find(key: number, name: string, value: string): number {
    const place = STATIC_KEYS.get(key) ?? 0;
    if (place !== 0 && this.indexAt(place, name, value) !== 0) return place;
    const { dynamic } = this;
    // A slot that has gone, or was filled anew, ends its chain: what is behind it is older still. Ages must grow, so the walk ends.
    let age = -1;
    for (let slot = this.#chains[key & (CHAINS - 1)] ?? NONE; slot !== NONE; slot = this.#older[slot] ?? NONE) {
      const next = dynamic.ageOf(slot);
      if (next >= dynamic.count || next <= age) return 0;
      age = next;
      if (this.#keys[slot] === key && dynamic.fields[slot * 2 + 1] === value && dynamic.fields[slot * 2] === name)
        return STATIC_COUNT + 1 + slot;
    }
    return 0;
  }

  /** The index of a field with this name; 0 if there is none. */
  indexOfName(name: string): number {
    const index = STATIC_NAMES.get(name);
    if (index !== undefined) return index;
    const slot = this.#names.get(name);
    if (slot === undefined || this.dynamic.fields[slot * 2] !== name) return 0;
    const age = this.dynamic.ageOf(slot);
    return age < this.dynamic.count ? STATIC_COUNT + 1 + age : 0;
  }

  /** Whether this was asked for the same key lately. It may forget: what repeats is told so the second time mostly, and surely in the long run. */
  wasSeen(key: number): boolean {
    const slot = key & (SEEN - 1);
    if (this.#seen[slot] === key) return true;
    // Which of two stays is left to chance. If the latest always did, two fields of each block with the same slot would push each other out for ever.
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) | 0;
    if (this.#seen[slot] === 0 || this.#random < 0) this.#seen[slot] = key;
    return false;
  }

  /** Adds a field, and answers its place. It must not be larger than the table. */
  add(key: number, name: string, value: string): number {
    const slot = this.dynamic.add(name, value, name.length + value.length + FIELD_OVERHEAD);
    const chain = key & (CHAINS - 1);
    this.#keys[slot] = key;
    this.#older[slot] = this.#chains[chain] ?? NONE;
    this.#chains[chain] = slot;
    if (!STATIC_NAMES.has(name)) {
      this.#names.set(name, slot);
      if (this.#names.size > this.dynamic.slots * 2) this.#clearNames();
    }
    return STATIC_COUNT + 1 + slot;
  }

  #clearNames(): void {
    for (const name of this.#names.keys()) if (this.indexOfName(name) === 0) this.#names.delete(name);
  }
}

/**
 * A number for a field. Equal fields have the same; others may have, so it only ever narrows a search. It looks at 16 characters of the value at most:
 * those are enough to tell apart what comes in one connection.
 */
export function keyOf(name: string, value: string): number {
  const length = value.length;
  let key = (name.length << 16) ^ (name.charCodeAt(name.length - 1) << 8) ^ length;
  const head = length < 8 ? length : 8;
  for (let i = 0; i < head; i++) key = Math.imul(key ^ value.charCodeAt(i), 0x01000193);
  for (let i = length < 16 ? head : length - 8; i < length; i++) key = Math.imul(key ^ value.charCodeAt(i), 0x01000193);
  return key ^ (key >>> 15);
}

function staticKeys(): ReadonlyMap<number, number> {
  const places = new Map<number, number>();
  for (let place = 1; place <= STATIC_COUNT; place++) {
    const value = STATIC_FIELDS[place * 2 + 1] ?? "";
    if (value !== "") places.set(keyOf(STATIC_FIELDS[place * 2] ?? "", value), place);
  }
  return places;
}
