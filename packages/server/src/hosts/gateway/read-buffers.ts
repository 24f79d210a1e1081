/** What is read from sockets between two collections of young objects, at most, in bytes. */
const MOST_BETWEEN_COLLECTIONS = 4 * 1024 * 1024;

let read = 0;

/**
 * Counts a chunk that was read from a socket to be passed on. Each has memory of its own, which is free once it is collected, and V8 takes little notice of it: with bodies that are passed, there would be as
 * much of it as goes through while the young generation fills with a few small objects. So young objects are collected after some megabytes, where the process was started with `--expose-gc`
 * (`bin/node-flags.mjs`): next to none has survived, so that it takes a fraction of a millisecond.
 */
export function countRead(chunk: Uint8Array): void {
  read += chunk.byteLength;
  if (read < MOST_BETWEEN_COLLECTIONS) return;
  read = 0;
  globalThis.gc?.({ type: "minor" });
}
