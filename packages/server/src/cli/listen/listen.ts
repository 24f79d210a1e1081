import { readFile } from "node:fs/promises";
import { createClient, type Transport } from "@connectrpc/connect";
import { InterposeError } from "@interpose/engine";
import { EventService } from "@interpose/protocol/gen/interpose/v1/event_service_pb";
import { createHmacKey } from "../../keys/signing-keys.ts";
import { printable, styled, type Output } from "../output.ts";
import { isoTime, readableMs, readableTime } from "../readable.ts";
import { createCursor } from "./cursor.ts";
import { followEvents, type Followed, type FollowedEvent } from "./follow.ts";
import { createForwarder, MOST_AT_ONCE, type Forwarded, type Forwarder } from "./forwarder.ts";
import { openGroupState, type GroupState } from "./group-state.ts";

/** Where to begin: with what comes from now on, with the log's first event, or behind a place. */
export type Beginning = "now" | "start" | bigint;

/** What is listened to, and what becomes of it. */
export interface ListenOptions {
  /** Undefined: events are printed alone. */
  readonly forwardUrl: string | undefined;
  readonly types: readonly string[];
  readonly targetId: string;
  readonly executionId: string;
  /** Undefined: where it leaves off is forgotten. */
  readonly group: string | undefined;
  /** Undefined: where the group left off, or now. */
  readonly from: Beginning | undefined;
  readonly secretFile: string | undefined;
  readonly timeoutMs: number;
  readonly attempts: number;
}

/** What listening is done with. */
export interface ListenIo {
  readonly transport: Transport;
  readonly url: string;
  readonly output: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends it. */
  readonly stop: AbortSignal;
}

const SAVE_EVERY_MS = 200;
/** How long what is being forwarded may take when it is to end. */
const GRACE_MS = 5_000;

/** Listens until it is told to stop, or until another attempt to connect would be in vain, which it throws. What was done is kept in any case. */
export async function listen(options: ListenOptions, io: ListenIo): Promise<void> {
  const { group, secretFile, forwardUrl } = options;
  const secret = secretFile === undefined ? undefined : await readSecret(secretFile);
  const state = group === undefined ? undefined : await openGroupState(group, io);
  const hardStop = new AbortController();
  const endSoon = (): void => void setTimeout(() => hardStop.abort(), GRACE_MS).unref();
  io.stop.addEventListener("abort", endSoon);
  let forwarder: Forwarder | undefined;
  try {
    if (forwardUrl !== undefined) forwarder = startForwarder(forwardUrl, secret, options, io.output, hardStop.signal);
    await listenAs(options, io, { state, forwarder, hardStop });
  } finally {
    io.stop.removeEventListener("abort", endSoon);
    await forwarder?.close();
    await state?.close();
  }
}

interface ListenParts {
  readonly state: GroupState | undefined;
  readonly forwarder: Forwarder | undefined;
  readonly hardStop: AbortController;
}

async function listenAs(
  options: ListenOptions,
  io: ListenIo,
  { state, forwarder, hardStop }: ListenParts,
): Promise<void> {
  const { output, url, stop, transport } = io;
  const { after, instanceId } = beginningOf(options.from, state);
  const cursor = createCursor(after);
  const counts = { printed: 0, forwarded: 0, leftOut: 0 };
  const keep = createKeeper(state, cursor.position);
  /** Forwards that are not over. */
  const going = new Set<Promise<void>>();

  function take(event: FollowedEvent): Promise<void> | undefined {
    const done = cursor.begin(event.position);
    if (!forwarder) {
      output.line(output.isJson ? jsonOf(event) : textOf(event));
      counts.printed++;
      done();
      return undefined;
    }
    return forwarder.forward(event).then((forwarded) => {
      if (!forwarded) return;
      output.line(output.isJson ? jsonOf(event, forwarded) : textOf(event, forwarded));
      counts[forwarded.failure === undefined ? "forwarded" : "leftOut"]++;
      if (forwarded.failure !== undefined) output.note(leftOutText(event, forwarded));
      done();
    });
  }

  try {
    const { types, targetId, executionId } = options;
    const filter = { types, targetId, executionId };
    const client = createClient(EventService, transport);
    for await (const followed of followEvents({ client, filter, after, instanceId, signal: stop })) {
      if (followed.kind === "event") {
        const forwarding = take(followed);
        if (forwarding) {
          going.add(forwarding);
          void forwarding.finally(() => going.delete(forwarding)).catch(() => undefined);
          while (going.size >= MOST_AT_ONCE) await Promise.race(going);
        }
      } else if (followed.kind === "place") {
        keep.begin(followed.instanceId);
        cursor.begin(followed.position)();
      } else output.note(statusText(followed, url));
      if (output.isClosed()) break;
    }
  } catch (error) {
    setTimeout(() => hardStop.abort(), GRACE_MS).unref();
    throw error;
  } finally {
    await Promise.all(going);
    await keep.end();
    output.note(summaryOf(counts, cursor.undone(), options, cursor.position()));
  }
}

function startForwarder(
  url: string,
  given: string | undefined,
  { timeoutMs, attempts, secretFile }: ListenOptions,
  output: Output,
  signal: AbortSignal,
): Forwarder {
  const secret = given ?? createHmacKey();
  output.note(
    given === undefined
      ? `forwarding to ${url}, signed with the secret ${secret}`
      : `forwarding to ${url}, signed with the secret in ${secretFile ?? ""}`,
  );
  const onRetry = ({ event, position }: FollowedEvent, failure: string, delayMs: number): void => {
    const text = `event ${position} (${printable(event.type)}) was not forwarded: ${printable(failure)}; trying again in ${readableMs(delayMs)}`;
    output.note(styled("yellow", text, process.stderr));
  };
  return createForwarder({ url, secret, timeoutMs, attempts, onRetry, signal });
}

async function readSecret(file: string): Promise<string> {
  const secret = (await readFile(file, "utf8")).trim();
  if (secret !== "") return secret;
  throw new InterposeError("bad_request", `--secret-file: ${file} is empty. Write the text that signs into it.`);
}

function beginningOf(
  from: Beginning | undefined,
  state: GroupState | undefined,
): { readonly after: bigint | undefined; readonly instanceId: string | undefined } {
  if (from === undefined && state?.place) return { after: state.place.position, instanceId: state.place.instanceId };
  const after = from === "start" ? 0n : from === "now" ? undefined : from;
  return { after, instanceId: undefined };
}

/** Keeps where a group stands: now and then, and at the end. Only what is done was passed by the position. */
function createKeeper(
  state: GroupState | undefined,
  position: () => bigint | undefined,
): { begin(instanceId: string): void; end(): Promise<void> } {
  let instanceId: string | undefined;
  let kept: bigint | undefined;
  let saving = Promise.resolve();
  async function save(): Promise<void> {
    const now = position();
    if (!state || instanceId === undefined || now === undefined || now === kept) return;
    await state.save({ instanceId, position: now });
    kept = now;
  }
  // One after the other. One that fails is made again, and fails the end if it must.
  const timer = setInterval(() => void (saving = saving.then(save).catch(() => undefined)), SAVE_EVERY_MS);
  return {
    begin: (id) => void (instanceId ??= id),
    async end() {
      clearInterval(timer);
      await saving;
      await save();
    },
  };
}

function statusText(followed: Exclude<Followed, { kind: "event" | "place" }>, url: string): string {
  if (followed.kind === "lost") {
    const { wasConnected, reason, retryMs } = followed;
    const what = wasConnected ? "lost the connection" : "still not connected";
    return styled("yellow", `${what}: ${printable(reason)}; trying again in ${readableMs(retryMs)}`, process.stderr);
  }
  const { isAgain, waiting, hasMore } = followed;
  const count = waiting === 0 && !hasMore ? "none waiting" : `${waiting}${hasMore ? " or more" : ""} waiting`;
  return styled("green", isAgain ? `connected again, ${count}` : `connected to ${url}, ${count}`, process.stderr);
}

function textOf({ event, position }: FollowedEvent, forwarded?: Forwarded): string {
  const { type, aggregateType, aggregateId, sequence, createTime } = event;
  const what = `${styled("cyan", printable(type))}  ${printable(`${aggregateType}/${aggregateId}`)} #${sequence}`;
  const line = `${styled("dim", readableTime(createTime))}  ${position}  ${what}`;
  if (!forwarded) return line;
  const { status, durationMs, failure, attempts } = forwarded;
  const how = `${status ?? "-"} in ${readableMs(durationMs)}${attempts > 1 ? ` (${attempts} attempts)` : ""}`;
  return `${line}  ${styled(failure === undefined ? "green" : "red", `→ ${how}`)}`;
}

/** One line. What targets are sent stands in it as it came, so that its numbers keep their digits. */
function jsonOf({ event, body, position }: FollowedEvent, forwarded?: Forwarded): string {
  const { type, aggregateType, aggregateId, sequence, createTime } = event;
  const head = {
    id: String(position),
    type,
    aggregateType,
    aggregateId,
    sequence: String(sequence),
    created: isoTime(createTime),
  };
  const tail = forwarded && { ...forwarded, durationMs: Math.round(forwarded.durationMs) };
  return `${JSON.stringify(head).slice(0, -1)},"body":${body}${tail ? `,"forwarded":${JSON.stringify(tail)}` : ""}}`;
}

function leftOutText({ event, position }: FollowedEvent, { attempts, failure = "" }: Forwarded): string {
  const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  const text = `event ${position} (${printable(event.type)}) is left out after ${tries}: ${printable(failure)}`;
  return styled("red", text, process.stderr);
}

function summaryOf(
  { printed, forwarded, leftOut }: { readonly printed: number; readonly forwarded: number; readonly leftOut: number },
  undone: number,
  { forwardUrl, group }: ListenOptions,
  position: bigint | undefined,
): string {
  const counts =
    forwardUrl === undefined
      ? `${printed} printed`
      : `${forwarded} forwarded, ${leftOut} left out, ${undone} on the way that were not`;
  const next = group === undefined || position === undefined ? "" : `; the group goes on behind ${position}`;
  return `stopped: ${counts}${next}`;
}
