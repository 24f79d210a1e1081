import type { LateEnd, Recordable } from "@interpose/engine";
import type { RunEvent } from "../hosts/runner.ts";
import type { LateEndsToWrite } from "../store/sql/end-late-calls.ts";
import type { RunsToInsert } from "../store/sql/insert-runs.ts";
import { createByteBatch, type ByteBatch } from "./byte-batch.ts";
import { callRow, lateRow, rowJson, runRow, writeLateMessages, writeMessages, type MessageBounds } from "./rows.ts";

/** A call that its run did not wait for, at its end. */
export interface LateCall {
  readonly event: RunEvent;
  /** From 1. */
  readonly place: number;
  readonly end: LateEnd<Recordable>;
}

/** Runs as they are written: all of them by one statement. */
export interface RunBatch {
  /** Runs, and late ends of calls. */
  readonly count: number;
  readonly bytes: number;
  /** Encodes one. Messages that cannot be, such as a reply nested so deeply that it cannot be looked through, are left out. */
  add(item: RunEvent | LateCall): void;
  /** What to write: the runs, then what came of calls later. Nothing may be added until it is cleared. */
  take(): {
    readonly runs: (RunsToInsert & { readonly count: number }) | undefined;
    readonly ends: (LateEndsToWrite & { readonly count: number }) | undefined;
  };
  /** Begins anew, once what was taken is needed no longer. */
  clear(): void;
}

/** A batch without anything. */
export function createRunBatch(bounds: MessageBounds): RunBatch {
  const [runs, calls, ends] = [jsonList(), jsonList(), jsonList()];
  const [content, lateContent] = [createByteBatch(), createByteBatch()];
  function addRun(event: RunEvent): void {
    const start = content.size;
    const bytes = written(content, () => writeMessages(event, bounds, content));
    runs.add(`${rowJson(runRow(event)).slice(0, -1)},"start":${start},"bytes":${bytes}}`);
    event.run.calls.forEach((call, i) => calls.add(rowJson(callRow(event, call, i + 1))));
  }

  function addEnd({ event, place, end }: LateCall): void {
    const start = lateContent.size;
    const bytes = written(lateContent, () => writeLateMessages(event, place, end, bounds, lateContent));
    const row = rowJson(lateRow(event.runId, place, end));
    ends.add(`${row.slice(0, -1)},"start":${start},"bytes":${bytes}}`);
  }

  return {
    get count() {
      return runs.count + ends.count;
    },
    get bytes() {
      return runs.size + calls.size + content.size + ends.size + lateContent.size;
    },
    add(item) {
      if ("end" in item) addEnd(item);
      else addRun(item);
    },
    take: () => ({
      runs:
        runs.count === 0
          ? undefined
          : {
              count: runs.count,
              runs: runs.bytes(),
              calls: calls.bytes(),
              content: content.bytes(),
            },
      ends: ends.count === 0 ? undefined : { count: ends.count, ends: ends.bytes(), content: lateContent.bytes() },
    }),
    clear() {
      for (const part of [runs, calls, ends, content, lateContent]) part.clear();
    },
  };
}

/** Writes, and answers how many bytes: none, where it could not be written to its end. */
function written(to: ByteBatch, write: () => void): number {
  const start = to.size;
  try {
    write();
  } catch {
    to.cut(start);
  }
  return to.size - start;
}

/** A list in JSON, to which items are added that are JSON already. */
function jsonList(): Pick<ByteBatch, "size" | "bytes" | "clear"> & { readonly count: number; add(json: string): void } {
  const batch = createByteBatch();
  let count = 0;
  return {
    get size() {
      return batch.size;
    },
    get count() {
      return count;
    },
    add(json) {
      batch.append(`${count === 0 ? "[" : ","}${json}`);
      count++;
    },
    bytes() {
      batch.append(count === 0 ? "[]" : "]");
      return batch.bytes();
    },
    clear() {
      batch.clear();
      count = 0;
    },
  };
}
