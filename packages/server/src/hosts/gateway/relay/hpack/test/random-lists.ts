/** Numbers that look random, the same ones for the same seed. */
export interface Random {
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  oneOf<T>(list: readonly T[]): T;
}

export function createRandom(seed: number): Random {
  // mulberry32
  let state = seed | 0;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
  return { below, oneOf: (list) => list[below(list.length)] as (typeof list)[number] };
}

/** A list, and the names of it that must never be indexed. */
export interface RandomList {
  readonly fields: readonly string[];
  readonly neverIndexed: ReadonlySet<string> | undefined;
}

const NAMES = [
  ...["content-type", "user-agent", "accept", "accept-encoding", "cookie", "authorization", "etag", "date", "server"],
  ...["te", "grpc-timeout", "grpc-encoding", "grpc-accept-encoding", "traceparent", "x-request-id", "x-tenant", "x-a"],
];
const VALUES = ["", "1", "trailers", "application/grpc", "gzip, deflate", "identity", "no-cache", "grpc-go/1.80.0"];
/** What HTTP allows in a value, and some of what it does not. */
const VISIBLE = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)).join("");
const BYTES = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("");

/** Sizes of a table, from none to more than the first one. */
export const TABLE_SIZES = [0, 31, 64, 100, 300, 1000, 4096, 10_000];

/**
 * A list as a connection has many: what repeats, what differs each time, now and then something large. `any`: also names and values that HTTP
 * does not allow.
 */
export function randomList(random: Random, content: "http" | "any"): RandomList {
  const fields: string[] = [];
  const never: string[] = [];
  const count = random.below(8);
  for (let i = 0; i < count; i++) {
    const name = random.below(8) === 0 ? randomName(random, content) : random.oneOf(NAMES);
    fields.push(name, randomValue(random, content));
    if (random.below(16) === 0) never.push(name);
  }
  return { fields, neverIndexed: never.length > 0 ? new Set(never) : undefined };
}

function randomName(random: Random, content: "http" | "any"): string {
  if (content === "any") return randomText(random, BYTES, random.below(20));
  return `x-${randomText(random, "abcdefghijklmnopqrstuvwxyz-0123456789", 1 + random.below(12))}`;
}

function randomValue(random: Random, content: "http" | "any"): string {
  switch (random.below(6)) {
    case 0:
      return randomText(random, content === "any" ? BYTES : VISIBLE, random.below(60));
    case 1:
      return `${random.below(10_000_000)}u`;
    case 2:
      return random.below(20) === 0 ? randomText(random, VISIBLE, random.below(6000)) : "";
    default:
      return random.below(2) === 0 ? random.oneOf(VALUES) : `/acme.v1.Orders/Get${random.below(40)}`;
  }
}

function randomText(random: Random, characters: string, length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) text += characters[random.below(characters.length)] ?? "";
  return text;
}
