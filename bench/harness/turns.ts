/** Two things that are compared. */
export interface Pair<T> {
  readonly a: T;
  readonly b: T;
}

/**
 * Measures two things in turns (A B, B A, A B ...), so that whatever happens to the machine meanwhile meets both, and that neither
 * always comes behind the other.
 */
export async function takeTurns<T>(rounds: number, { a, b }: Pair<() => T | Promise<T>>): Promise<readonly Pair<T>[]> {
  const pairs: Pair<T>[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      const first = await a();
      pairs.push({ a: first, b: await b() });
    } else {
      const first = await b();
      pairs.push({ a: await a(), b: first });
    }
  }
  return pairs;
}

/** Does something with each of some things, again and again, beginning with another one each time, so that whatever happens to the machine meets all. */
export async function inTurns<N extends string, T>(
  rounds: number,
  names: readonly N[],
  measureOne: (name: N, round: number) => Promise<T>,
): Promise<ReadonlyMap<N, readonly T[]>> {
  const results = new Map<N, T[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(round + i) % names.length];
      if (name !== undefined) results.get(name)?.push(await measureOne(name, round));
    }
  }
  return results;
}
