import { Code, ConnectError, type Client } from "@connectrpc/connect";
import type { DeliveredEvent } from "@interpose/protocol/gen/interpose/v1/delivery_service_pb";
import type { EventService, WatchEventsResponse } from "@interpose/protocol/gen/interpose/v1/event_service_pb";
import { InterposeError } from "@interpose/engine";
import { describeFailure } from "../exit-codes.ts";
import { sleep } from "./sleep.ts";

/** An event that a server told of. */
export interface FollowedEvent {
  readonly event: DeliveredEvent;
  /** What targets are sent of it, as JSON. */
  readonly body: string;
  readonly position: bigint;
}

/** What comes while a log is followed. */
export type Followed =
  | ({ readonly kind: "event" } & FollowedEvent)
  /** Everything up to a place has come. */
  | { readonly kind: "place"; readonly position: bigint; readonly instanceId: string }
  | { readonly kind: "connected"; readonly isAgain: boolean; readonly waiting: number; readonly hasMore: boolean }
  /** `wasConnected`: until now. Otherwise another attempt to connect was in vain. */
  | { readonly kind: "lost"; readonly wasConnected: boolean; readonly reason: string; readonly retryMs: number };

/** What is followed, and from where on. */
export interface FollowOptions {
  readonly client: Client<typeof EventService>;
  readonly filter: { readonly types: readonly string[]; readonly targetId: string; readonly executionId: string };
  /** Undefined: from now on. */
  readonly after: bigint | undefined;
  /** The instance that `after` is a place in the log of. Undefined: whichever answers. */
  readonly instanceId: string | undefined;
  readonly signal: AbortSignal;
}

/** A server gives a sign of life every 5 seconds. */
const SILENT_MS = 15_000;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 3_000;

/** What another attempt would meet again. */
const FINAL: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.Unimplemented,
]);

/**
 * Follows the log of a server until the signal, through lost connections. States: *connecting*, then *connected* with the first answer, then *lost* until the next one
 * connects from the last place that has come, so that nothing is left out and nothing comes twice. Throws where the first connection fails, where another attempt would
 * be refused again, and where another instance answers than before: places in its log mean something else.
 */
export async function* followEvents({ client, filter, signal, ...from }: FollowOptions): AsyncGenerator<Followed> {
  let { after, instanceId } = from;
  let wasConnected = false;
  const isOver = (): boolean => signal.aborted;
  for (let failures = 0; !isOver(); failures++) {
    const connection = new AbortController();
    const ends = (): void => connection.abort();
    signal.addEventListener("abort", ends);
    let isConnected = false;
    let reason = "the server ended it";
    try {
      const request = { ...filter, types: [...filter.types], ...(after !== undefined && { after }) };
      const answers = client.watchEvents(request, { signal: connection.signal })[Symbol.asyncIterator]();
      for (let answer = await nextAnswer(answers, connection); answer; answer = await nextAnswer(answers, connection)) {
        const { event, body, position } = answer;
        if (answer.instanceId !== "") {
          instanceId ??= answer.instanceId;
          if (instanceId !== answer.instanceId) throw otherInstance();
          yield {
            kind: "connected",
            isAgain: wasConnected,
            waiting: answer.waitingCount,
            hasMore: answer.hasMoreWaiting,
          };
          isConnected = wasConnected = true;
          failures = 0;
        }
        // Until then it is a sign of life of a server that does not know yet where to begin.
        if (!isConnected || instanceId === undefined) continue;
        yield event ? { kind: "event", event, body, position } : { kind: "place", position, instanceId };
        after = position;
      }
    } catch (error) {
      if (isOver()) return;
      if (error instanceof InterposeError || !wasConnected) throw error;
      if (error instanceof ConnectError && isFinal(error)) throw error;
      reason = describeLoss(error);
    } finally {
      signal.removeEventListener("abort", ends);
      connection.abort();
    }
    if (isOver()) return;
    const retryMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
    yield { kind: "lost", wasConnected: isConnected, reason, retryMs };
    await sleep(retryMs, signal);
  }
}

/** The next answer, or undefined at the end. A server that says nothing for too long is taken for lost, however good the connection looks. */
async function nextAnswer(
  answers: AsyncIterator<WatchEventsResponse>,
  connection: AbortController,
): Promise<WatchEventsResponse | undefined> {
  const silence = new Error(`nothing came for ${SILENT_MS / 1000} s`);
  const timer = setTimeout(() => connection.abort(silence), SILENT_MS);
  try {
    const next = await answers.next();
    return next.done ? undefined : next.value;
  } catch (error) {
    throw connection.signal.reason === silence ? silence : error;
  } finally {
    clearTimeout(timer);
  }
}

/** What answers in the place of a server that is away, such as a proxy, says so with a status of HTTP alone, and may be gone at the next attempt. */
function isFinal(error: ConnectError): boolean {
  return FINAL.has(error.code) && !/^HTTP \d{3}$/.test(error.rawMessage);
}

/** Why a connection was lost, in the middle of a sentence. */
function describeLoss(error: unknown): string {
  if (error instanceof ConnectError) {
    const { cause } = error;
    if (cause instanceof Error && "code" in cause) return cause.message === "" ? String(cause.code) : cause.message;
    return error.rawMessage;
  }
  return describeFailure(error).text;
}

function otherInstance(): InterposeError {
  return new InterposeError(
    "bad_request",
    "The server has another store than the one that was listened to: where that was left off means nothing here. Say where to begin, with --from now or --from start.",
  );
}
