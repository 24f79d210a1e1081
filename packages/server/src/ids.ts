import { randomInt } from "node:crypto";

const EPOCH_MS = Date.UTC(2024, 0, 1);
const RANDOM_BITS = 22n;

/**
 * A new id: a decimal number of some 18 digits that grows with time, so that ids sort by age. 22 random bits keep nodes that
 * create at the same millisecond apart; a primary key catches the rest.
 */
export function newId(now: number = Date.now()): string {
  // Of a run there is one for each call: Node keeps random bytes for `randomInt`, while `randomBytes` asks the system each time, which takes several microseconds.
  const random = BigInt(randomInt(2 ** Number(RANDOM_BITS)));
  return ((BigInt(Math.max(1, now - EPOCH_MS)) << RANDOM_BITS) | random).toString();
}

/** The milliseconds since 1970 at which an id was made. */
export function timeOfId(id: bigint): number {
  return Number(id >> RANDOM_BITS) + EPOCH_MS;
}

/** The smallest id that can be made at a time, in milliseconds since 1970. Times before there were ids have 0. */
export function firstIdAt(ms: number): bigint {
  return BigInt(Math.max(0, Math.ceil(ms) - EPOCH_MS)) << RANDOM_BITS;
}
