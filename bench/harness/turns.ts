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
