import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

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
    const page = Buffer.alloc(WRITE_BYTES, 1);
    const ended = new AbortController();
    let stillMs = 0;
    const writeAgainAndAgain = async (): Promise<void> => {
      for (let n = 0; !ended.signal.aborted; n = (n + 1) % PLACES) {
        const began = performance.now();
        await file.write(page, 0, WRITE_BYTES, n * WRITE_BYTES);
        await file.datasync();
        const took = performance.now() - began;
        if (took > STANDS_STILL_MS) stillMs += took;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    };
    const began = performance.now();
    const writing = writeAgainAndAgain();
    const result = await work().finally(() => {
      ended.abort();
    });
    const ms = performance.now() - began;
    await writing;
    return { result, standstill: stillMs / ms };
  } finally {
    await file.close();
    await rm(directory, { recursive: true });
  }
}
