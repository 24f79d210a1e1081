import type { CallRecord, JsonDifference, JsonObject, LateEnd, Recordable } from "@interpose/engine";
import type { RunEvent } from "../hosts/runner.ts";
import { isFailedCall } from "./selection.ts";
import type { LateRow, RunCallRow, RunRow } from "../store/sql/run-row.ts";
import { bytesWithoutUrlCredentials, withoutUrlCredentials } from "./url-credentials.ts";

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
    error_text: recordedText(error?.message),
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
    detail: recordedText(detail),
  };
}

/** What a call came to whose run did not wait for it. */
export function lateRow(runId: string, place: number, end: LateEnd<unknown>): LateRow {
  const { durationMs, status, failure, detail, comparison } = end;
  return {
    run_id: runId,
    place,
    duration_ms: durationMs,
    status,
    failure,
    detail: recordedText(detail),
    shadow_effect: comparison?.effect,
    is_same: comparison?.isSame,
  };
}

function recordedText(text: string | undefined): string | undefined {
  return text && withoutUrlCredentials(text).slice(0, LONGEST_TEXT);
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
  let text = '{"calls":[{';
  run.calls.forEach((call, i) => {
    if (i > 0) text += "},{";
    if (to.size + text.length - start < most) text = writeCall(call, subject, maxMessageBytes, { to, text });
  });
  text += "}]";
  const [first] = run.calls;
  const last = run.calls.findLast(({ changedTo }) => changedTo !== undefined);
  // In the spelling of the first call, in which the message is known as it was before.
  if (first && last?.changedTo && last.target.dialect !== first.target.dialect) {
    const after = jsonWithin(last.changedTo.stateFor(first.target), maxMessageBytes);
    if (after !== undefined) text += `,"after":${after}`;
  }
  to.append(`${text}}`);
}

/** What was answered to a call that was not waited for, what it would have made of the subject, and in what that would differ. */
export function writeLateMessages(
  { subject, run }: RunEvent,
  place: number,
  end: LateEnd<Recordable>,
  { messages, maxMessageBytes }: MessageBounds,
  to: Appending,
): void {
  const call = run.calls[place - 1];
  const hasNothing = !end.reply && !end.changedTo && !end.comparison?.differences.length;
  if (!messages || !subject || !call || hasNothing) return;
  const members = [
    replyMember(end.reply, subject, maxMessageBytes),
    stateMember(end.changedTo, call.target, maxMessageBytes),
    differencesMember(end.comparison?.differences, maxMessageBytes),
  ];
  to.append(`{${members.filter((member) => member !== "").join(",")}}`);
}

/** Where it is written. */
export interface Appending {
  readonly size: number;
  append(text: string): void;
  appendBytes(bytes: Uint8Array): void;
}

/** Text that is to be written, and where: it is written when bytes follow, and the rest in the end. */
interface Written {
  readonly to: Appending;
  readonly text: string;
}

/** Writes the members of a call, and answers the text that is still to be written. */
function writeCall(
  { target, payload, sent, reply, changedTo }: CallRecord<Recordable>,
  subject: Recordable,
  maxMessageBytes: number,
  { to, text }: Written,
): string {
  let [rest, comma] = [text, ""];
  if (sent === undefined) {
    const json = jsonWithin(payload, maxMessageBytes);
    if (json !== undefined) [rest, comma] = [`${text}"payload":${json}`, ","];
  } else if (sent.byteLength <= maxMessageBytes) {
    to.append(`${text}"payload":`);
    to.appendBytes(bytesWithoutUrlCredentials(sent));
    [rest, comma] = ["", ","];
  }
  for (const member of [
    replyMember(reply, subject, maxMessageBytes),
    stateMember(changedTo, target, maxMessageBytes),
  ]) {
    if (member === "") continue;
    rest += comma + member;
    comma = ",";
  }
  return rest;
}

/** Empty: there is none to keep. */
function replyMember(reply: string | undefined, subject: Recordable, maxMessageBytes: number): string {
  const shown = reply && subject.recordable(reply);
  return shown ? `"reply":${JSON.stringify(cutToBytes(withoutUrlCredentials(shown), maxMessageBytes))}` : "";
}

function stateMember(
  state: Recordable | undefined,
  target: CallRecord<unknown>["target"],
  maxMessageBytes: number,
): string {
  const json = state && jsonWithin(state.stateFor(target), maxMessageBytes);
  return json === undefined ? "" : `"after":${json}`;
}

function differencesMember(differences: readonly JsonDifference[] = [], maxMessageBytes: number): string {
  const json = differences.length === 0 ? undefined : jsonWithin(differences, maxMessageBytes);
  return json === undefined ? "" : `"differences":${json}`;
}

/** The JSON of a value as the record has it, where it is not too large. */
function jsonWithin(value: JsonObject | readonly JsonDifference[], maxBytes: number): string | undefined {
  const text = JSON.stringify(value);
  const fits = text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes;
  return fits ? withoutUrlCredentials(text) : undefined;
}

/** As much of a text as has so many bytes in UTF-8, whole characters alone. */
export function cutToBytes(text: string, bytes: number): string {
  if (text.length * 3 <= bytes || Buffer.byteLength(text) <= bytes) return text;
  const buffer = Buffer.allocUnsafe(bytes);
  // It writes no part of a character.
  const written = buffer.write(text, 0, bytes);
  return buffer.toString("utf8", 0, written);
}
