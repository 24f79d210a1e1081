/** Times as ISO 8601 has them, in UTC, to the millisecond. What is the same within a second is made once in it. */
export function createIsoTime(now: () => number): () => string {
  let second = Number.NaN;
  let start = "";
  return () => {
    const ms = now();
    const current = Math.floor(ms / 1_000);
    if (current !== second) {
      second = current;
      start = new Date(current * 1_000).toISOString().slice(0, -"000Z".length);
    }
    return `${start}${String(ms - current * 1_000).padStart(3, "0")}Z`;
  };
}
