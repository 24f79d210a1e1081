import type { CallRecord, LateEnd, Recordable } from "@interpose/engine";
import type { RunEvent } from "../hosts/runner.ts";
import { isFailedCall } from "./selection.ts";
import type { LateRow, RunCallRow, RunRow } from "../store/sql/run-row.ts";

/** Longest texts that are kept, in characters. */
const LONGEST_ID = 1_000;
const LONGEST_TEXT = 2_000;

/** The row of a run. */
export function runRow(event: RunEvent): RunRow {
  const { runId, side, method, plan, host, caller, depth, durationMs, run } = event;
  const { outcome, calls } = run;
  const error = outcome.kind === "refused" ? outcome.error : undefined;
  return {
    id: runId,
    side,
    method: method?.slice(0, LONGEST_ID),
    execution_id: plan.executionId,
    host,
    user_id: caller.userId?.slice(0, LONGEST_ID),
    org_id: caller.orgId?.slice(0, LONGEST_ID),
    project_id: caller.projectId?.slice(0, LONGEST_ID),
    depth,
    duration_ms: durationMs,
    outcome: outcome.kind === "refused" ? "refused" : outcome.changed ? "changed" : "passed",
    error_reason: error?.reason,
    error_code: error?.code,
    error_text: error?.message.slice(0, LONGEST_TEXT),
    calls: calls.length,
    failed_calls: calls.reduce((count, call) => count + (isFailedCall(call) ? 1 : 0), 0),
  };
}

/** The row of a call of a run, whose place counts from 1. */
export function callRow({ runId, beganMs }: RunEvent, call: CallRecord<unknown>, place: number): RunCallRow {
  const { target, status, durationMs, effect, failure, detail } = call;
  return {
    run_id: runId,
    place,
    target_id: target.id,
    target_name: target.name.slice(0, LONGEST_ID),
    begin_ms: call.beganMs - beganMs,
    duration_ms: durationMs,
    status,
    effect,
    failure,
    detail: detail?.slice(0, LONGEST_TEXT),
  };
}

/** What a call came to whose run did not wait for it. */
export function lateRow(runId: string, place: number, end: LateEnd<unknown>): LateRow {
  const { durationMs, status, failure, detail } = end;
  return { run_id: runId, place, duration_ms: durationMs, status, failure, detail: detail?.slice(0, LONGEST_TEXT) };
}

/** A row as JSON. PostgreSQL stores no NUL, and no half of a surrogate pair: JSON has either as an escape, and U+FFFD stands for it. */
export function rowJson(row: RunRow | RunCallRow | LateRow): string {
  const text = JSON.stringify(row);
  if (!UNSTORABLE.test(text)) return text;
  return JSON.stringify(row, (_key, value: unknown) =>
    typeof value === "string" ? value.toWellFormed().replaceAll("\0", "\ufffd") : value,
  );
}

/** How `JSON.stringify` writes what cannot be stored; text that only looks like it is written anew in vain. */
const UNSTORABLE = /\\u(0000|d[89a-f])/;

/** What of a run is kept beside its rows. */
export interface MessageBounds {
  /** Whether payloads and replies are kept at all. */
  readonly messages: boolean;
  /** Longest payload, reply or message that is kept, in bytes. A reply is cut, anything else left out. */
  readonly maxMessageBytes: number;
}

/** Most bytes of messages that one run may have, in messages of the largest size. */
const MOST_MESSAGES = 32;

/**
 * Writes what was sent and answered in a run as JSON, as `ContentOfRun` has it: piece by piece, since a payload is JSON already. `append` is given nothing where there is
 * nothing to keep.
 */
export function writeMessages(event: RunEvent, { messages, maxMessageBytes }: MessageBounds, to: Appending): void {
  const { run, subject } = event;
  if (!messages || !subject || run.calls.length === 0) return;
  const start = to.size;
  const most = MOST_MESSAGES * maxMessageBytes;
  to.append('{"calls":[');
  run.calls.forEach((call, i) => {
    to.append(i === 0 ? "{" : ",{");
    if (to.size - start < most) writeCall(call, subject, maxMessageBytes, to);
    to.append("}");
  });
  to.append("]");
  const [first] = run.calls;
  const last = run.calls.findLast(({ changedTo }) => changedTo !== undefined);
  // In the spelling of the first call, in which the message is known as it was before.
  if (first && last?.changedTo && last.target.dialect !== first.target.dialect) {
    const text = JSON.stringify(last.changedTo.stateFor(first.target));
    if (Buffer.byteLength(text) <= maxMessageBytes) to.append(`,"after":${text}`);
  }
  to.append("}");
}

/** What was answered to a call that was not waited for, and what it would have made of the subject. */
export function writeLateMessages(
  { subject, run }: RunEvent,
  place: number,
  end: LateEnd<Recordable>,
  { messages, maxMessageBytes }: MessageBounds,
  to: Appending,
): void {
  const call = run.calls[place - 1];
  if (!messages || !subject || !call || (!end.reply && !end.changedTo)) return;
  const { target } = call;
  to.append("{");
  const comma = writeReply(end.reply, subject, maxMessageBytes, "", to);
  writeState(end.changedTo, target, maxMessageBytes, comma, to);
  to.append("}");
}

/** Where it is written. */
export interface Appending {
  readonly size: number;
  append(text: string): void;
  appendBytes(bytes: Uint8Array): void;
}

function writeCall(
  { target, payload, sent, reply, changedTo }: CallRecord<Recordable>,
  subject: Recordable,
  maxMessageBytes: number,
  to: Appending,
): void {
  let comma = "";
  if (sent) {
    if (sent.byteLength <= maxMessageBytes) {
      to.append('"payload":');
      to.appendBytes(sent);
      comma = ",";
    }
  } else {
    const text = JSON.stringify(payload);
    if (Buffer.byteLength(text) <= maxMessageBytes) {
      to.append(`"payload":${text}`);
      comma = ",";
    }
  }
  comma = writeReply(reply, subject, maxMessageBytes, comma, to);
  writeState(changedTo, target, maxMessageBytes, comma, to);
}

function writeReply(
  reply: string | undefined,
  subject: Recordable,
  maxMessageBytes: number,
  comma: string,
  to: Appending,
): string {
  const shown = reply && subject.recordable(reply);
  if (!shown) return comma;
  to.append(`${comma}"reply":${JSON.stringify(cutToBytes(shown, maxMessageBytes))}`);
  return ",";
}

function writeState(
  state: Recordable | undefined,
  target: CallRecord<unknown>["target"],
  maxMessageBytes: number,
  comma: string,
  to: Appending,
): void {
  if (!state) return;
  const text = JSON.stringify(state.stateFor(target));
  if (Buffer.byteLength(text) <= maxMessageBytes) to.append(`${comma}"after":${text}`);
}

/** As much of a text as has so many bytes in UTF-8, whole characters alone. */
export function cutToBytes(text: string, bytes: number): string {
  if (text.length * 3 <= bytes || Buffer.byteLength(text) <= bytes) return text;
  const buffer = Buffer.allocUnsafe(bytes);
  // It writes no part of a character.
  const written = buffer.write(text, 0, bytes);
  return buffer.toString("utf8", 0, written);
}
