import { mkdtemp, open, rm, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** As many bytes as a page of PostgreSQL's log has, written at places that come round again: the file does not grow. */
const WRITE_BYTES = 8_192;
const PLACES = 512;
/** Between two writes. */
const PAUSE_MS = 20;
/** From how many milliseconds on a write says that the disk stood still. One that is well takes less than one, and a process waits for less for its turn on a core. */
export const STANDS_STILL_MS = 20;

/** What was done, and for which share of the time the disk stood still meanwhile. */
export interface BesideDisk<T> {
  readonly result: T;
  readonly standstill: number;
}

/**
 * Does something, and writes a page to the disk of the temporary directory 50 times a second meanwhile. What these writes wait for is nothing that is measured: a disk that others use too,
 * as that of a virtual machine, keeps each of its writers waiting for tenths of seconds at times.
 */
export async function besideDisk<T>(work: () => Promise<T>): Promise<BesideDisk<T>> {
  const directory = await mkdtemp(join(tmpdir(), "interpose-bench-disk-"));
  const file = await open(join(directory, "page"), "w");
  try {
    await file.write(Buffer.alloc(PLACES * WRITE_BYTES));
    await file.sync();
    const ended = new AbortController();
    const [result, standstill] = await Promise.all([
      work().finally(() => {
        ended.abort();
      }),
      standstillUntil(ended.signal, file),
    ]);
    return { result, standstill };
  } finally {
    await file.close();
    await rm(directory, { recursive: true });
  }
}

/** Writes again and again, and answers the share of the time in which the disk stood still. */
async function standstillUntil(ended: AbortSignal, file: FileHandle): Promise<number> {
  const page = Buffer.alloc(WRITE_BYTES, 1);
  const began = performance.now();
  let stillMs = 0;
  for (let n = 0; !ended.aborted; n = (n + 1) % PLACES) {
    const wrote = performance.now();
    await file.write(page, 0, WRITE_BYTES, n * WRITE_BYTES);
    await file.datasync();
    const took = performance.now() - wrote;
    if (took > STANDS_STILL_MS) stillMs += took;
    await pause(PAUSE_MS);
  }
  return stillMs / (performance.now() - began);
}
