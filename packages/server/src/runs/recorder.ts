import { setTimeout as delay } from "node:timers/promises";
import { InterposeError } from "@interpose/engine";
import { createPause } from "../deliveries/pause.ts";
import type { RunEvent } from "../hosts/runner.ts";
import type { Log } from "../observe/log.ts";
import type { Queryable } from "../store/database.ts";
import { endLateCalls } from "../store/sql/end-late-calls.ts";
import { insertRuns } from "../store/sql/insert-runs.ts";
import { createRunBatch, type LateCall, type RunBatch } from "./run-batch.ts";
import type { MessageBounds } from "./rows.ts";
import { createSelection, isFailedCall, isOfTheRecord, type RecordedRuns } from "./selection.ts";

/** What of runs is recorded. */
export interface RecorderSettings extends RecordedRuns, MessageBounds {}

/** What recording needs. */
export interface RecorderParts {
  /** Connections of its own: what is written here is as safe as `synchronous_commit = off` makes it. */
  readonly database: Queryable;
  readonly instanceId: string;
  readonly log: Log;
  /** Most that waits to be written; what comes beyond is dropped. */
  readonly bounds?: Partial<QueueBounds>;
}

/** Bounds of what waits to be written. */
export interface QueueBounds {
  /** Default: 20,000. */
  readonly maxRuns: number;
  /** Default: 32 MiB. */
  readonly maxBytes: number;
}

/** How many runs there were since it began. */
export interface RecorderCounts {
  /** Made, but for those that look at the record. */
  readonly made: number;
  readonly recorded: number;
  /** Left out because there were too many at once, or could not be written. */
  readonly dropped: number;
}

/** Puts runs on record. */
export interface Recorder {
  /** Takes a run at its end. Costs its call next to nothing, and never fails. */
  take(event: RunEvent): void;
  counts(): RecorderCounts;
  /** Writes what waits, for at most so long. */
  stop(timeoutMs: number): Promise<void>;
}

const DEFAULT_BOUNDS: QueueBounds = { maxRuns: 20_000, maxBytes: 32 * 1024 * 1024 };
/**
 * What comes alone waits so long for others, in milliseconds: so much of the record is lost with a process that is killed. A statement takes this process a millisecond, of however few runs it is.
 */
const GATHER_MS = 500;
/** A batch that has as much is written at once. */
const ENOUGH_RUNS = 500;
const ENOUGH_BYTES = 1024 * 1024;
/**
 * So many are encoded together: one alone takes several times as long as one of many, since by then the processor has forgotten the code. So many, or messages of so many bytes, are kept alive for the
 * record at most; what may have messages of any size waits for none. And none waits longer than until so many runs have ended, on record or not: what calls allocate has the young generation collected, and
 * what is alive twice then becomes old, a payload with the kilobytes of shared memory that Node has cut it from.
 */
const ENCODED_TOGETHER = 64;
const MOST_KEPT_BYTES = 256 * 1024;
/** How long a batch that could not be written waits before it is tried again. */
const RETRY_MS = 1_000;
/** That runs are dropped is logged no more often. */
const REPORT_MS = 60_000;

/**
 * Records runs in batches. Some runs that were taken are encoded together, outside of the turn of the event loop of any call, into bytes outside of V8's heap, so that no more than these are kept alive for the
 * record; the bytes of all runs of some hundred milliseconds are one statement. One statement is under way at a time; what comes meanwhile gathers, and what would be too much is dropped and counted.
 */
export function createRecorder(parts: RecorderParts, settings: RecorderSettings): Recorder {
  const { database, instanceId, log } = parts;
  const bounds = { ...DEFAULT_BOUNDS, ...parts.bounds };
  const select = createSelection(settings, Math.random, () => performance.now());
  /** Taken, and not encoded yet. */
  let taken: (RunEvent | LateCall)[] = [];
  let takenBytes = 0;
  let isEncoding = false;
  /** Runs that have ended since the first of those. */
  let endedSince = 0;
  let batch: RunBatch = createRunBatch(settings);
  /** For the next one. */
  let spare: RunBatch = createRunBatch(settings);
  let [made, recorded, dropped] = [0, 0, 0];
  let reported = { dropped: 0, at: -Infinity };
  let writing: Promise<void> | undefined;
  const pause = createPause();
  const stopping = new AbortController();

  function drop(): void {
    dropped++;
    const now = performance.now();
    if (now - reported.at < REPORT_MS) return;
    log("runs.dropped", { count: dropped - reported.dropped });
    reported = { dropped, at: now };
  }

  function add(item: RunEvent | LateCall): boolean {
    if (batch.count + taken.length >= bounds.maxRuns || batch.bytes + takenBytes >= bounds.maxBytes) {
      drop();
      return false;
    }
    const bytes = bytesOf(item);
    taken.push(item);
    takenBytes += bytes ?? 0;
    const isMuch = bytes === undefined || taken.length >= ENCODED_TOGETHER || takenBytes >= MOST_KEPT_BYTES;
    if (isMuch) encodeSoon();
    writing ??= write();
    return true;
  }

  function encodeSoon(): void {
    if (isEncoding) return;
    isEncoding = true;
    setImmediate(encode);
  }

  function encode(): void {
    const items = taken;
    [taken, takenBytes, endedSince, isEncoding] = [[], 0, 0, false];
    for (const item of items) batch.add(item);
    if (isEnough()) pause.end();
  }

  const isEnough = (): boolean => batch.count >= ENOUGH_RUNS || batch.bytes >= ENOUGH_BYTES;

  async function write(): Promise<void> {
    while (batch.count + taken.length > 0) {
      if (!isEnough() && !stopping.signal.aborted) await pause.wait(GATHER_MS);
      encode();
      const full = batch;
      batch = spare;
      // It is written to its end, or given up, before it is used again.
      await writeBatch(full);
      full.clear();
      spare = full;
    }
    writing = undefined;
  }

  async function writeBatch(full: RunBatch): Promise<void> {
    const { runs, ends } = full.take();
    if (runs && !(await isWritten(runs.count, () => insertRuns(database, instanceId, runs)))) {
      recorded -= runs.count;
      dropped += runs.count;
    }
    if (ends) await isWritten(ends.count, () => endLateCalls(database, ends));
  }

  /** Writes, and tries again while the store is away. What the store refuses would be refused again. */
  async function isWritten(count: number, statement: () => Promise<void>): Promise<boolean> {
    for (;;) {
      try {
        await statement();
        return true;
      } catch (error) {
        const isAway = error instanceof InterposeError && error.reason === "store_unavailable";
        if (!isAway || stopping.signal.aborted) {
          log("runs.not_written", { count, error });
          return false;
        }
        await delay(RETRY_MS, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
      }
    }
  }

  function takeRecorded(event: RunEvent): void {
    if (!add(event)) return;
    recorded++;
    for (const [i, { late }] of event.run.calls.entries()) void late?.then((end) => add({ event, place: i + 1, end }));
  }

  /** A run that is not recorded is recorded after all when a call of it fails later. */
  function watchLate(event: RunEvent): void {
    let isTaken = false;
    for (const call of event.run.calls) {
      void call.late?.then(({ failure }) => {
        if (isTaken || !isFailedCall({ ...call, failure })) return;
        isTaken = true;
        takeRecorded(event);
      });
    }
  }

  return {
    take(event) {
      if (settings.record === "off" || isOfTheRecord(event)) return;
      made++;
      if (taken.length > 0 && ++endedSince >= ENCODED_TOGETHER) encodeSoon();
      const selection = select(event);
      if (selection === "too many") drop();
      if (selection === "recorded") takeRecorded(event);
      else watchLate(event);
    },
    counts: () => ({ made, recorded, dropped }),
    async stop(timeoutMs) {
      stopping.abort();
      pause.end();
      await Promise.race([writing, delay(timeoutMs, undefined, { ref: false })]);
    },
  };
}

/** Of the messages that it keeps alive. Undefined: nobody knows, since they were never written as JSON, as those of targets that are not waited for. */
function bytesOf(item: RunEvent | LateCall): number | undefined {
  if ("end" in item || item.run.calls.length === 0) return undefined;
  let bytes = 0;
  for (const { sent, reply } of item.run.calls) {
    if (!sent) return undefined;
    bytes += sent.byteLength + (reply?.length ?? 0);
  }
  return bytes;
}
