import type { DescMessage, DescMethodServerStreaming, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextValues, type Transport } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useEffect, useEffectEvent, useState } from "react";

/**
 * How following stands.
 * - `connecting`: asked, and nothing came yet.
 * - `live`: messages come, or signs of life.
 * - `waiting`: it broke off, and is begun anew at a time.
 * - `refused`: the server does not let it be followed, and asking again would not help.
 * - `off`: nobody wants to.
 */
export type WatchState =
  | { readonly kind: "connecting" | "live" | "off" }
  | { readonly kind: "waiting"; readonly until: Date; readonly error: unknown }
  | { readonly kind: "refused"; readonly error: unknown };

/** Servers give a sign of life each 15 seconds. After so long without one the connection is taken for dead. */
const SILENCE_MS = 40_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** What another attempt would be answered as well. */
const FINAL: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.PermissionDenied,
  Code.Unauthenticated,
  Code.Unimplemented,
]);

const CONNECTING: WatchState = { kind: "connecting" };
const OFF: WatchState = { kind: "off" };

interface WatchOptions<Output extends DescMessage> {
  /** Told of each message, those that are signs of life among them. */
  readonly onMessage: (message: MessageShape<Output>) => void;
  /** Told when it is live, the first time and after each break: what happened meanwhile must be asked for. */
  readonly onLive?: () => void;
  /** Default: true. */
  readonly enabled?: boolean;
}

/** Follows a stream of the server, begins anew when it breaks off, and says truthfully whether it is live. The input is compared as JSON. */
export function useWatch<Input extends DescMessage, Output extends DescMessage>(
  method: DescMethodServerStreaming<Input, Output>,
  input: MessageInitShape<Input>,
  { onMessage, onLive, enabled = true }: WatchOptions<Output>,
): WatchState {
  const transport = useTransport();
  const [state, setState] = useState<WatchState>(CONNECTING);
  const told = useEffectEvent(onMessage);
  const live = useEffectEvent(() => onLive?.());
  const inputText = JSON.stringify(input, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
  const currentInput = useEffectEvent(() => input);
  useEffect(() => {
    if (!enabled) return;
    const stop = new AbortController();
    void follow(transport, method, currentInput(), {
      signal: stop.signal,
      onMessage: told,
      onState: (next) => {
        if (stop.signal.aborted) return;
        setState(next);
        if (next.kind === "live") live();
      },
    });
    return () => stop.abort();
  }, [transport, method, inputText, enabled]);
  return enabled ? state : OFF;
}

interface Follower<Output extends DescMessage> {
  readonly signal: AbortSignal;
  readonly onMessage: (message: MessageShape<Output>) => void;
  readonly onState: (state: WatchState) => void;
}

/** Follows until the signal is aborted, or the server refuses for good. */
async function follow<Input extends DescMessage, Output extends DescMessage>(
  transport: Transport,
  method: DescMethodServerStreaming<Input, Output>,
  input: MessageInitShape<Input>,
  { signal, onMessage, onState }: Follower<Output>,
): Promise<void> {
  // A function, since it changes behind what the compiler can follow.
  const isStopped = (): boolean => signal.aborted;
  for (let waitMs = FIRST_WAIT_MS; !isStopped(); waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    onState(CONNECTING);
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    let error: unknown;
    let isLive = false;
    try {
      const until = AbortSignal.any([signal, silence.signal]);
      const response = await transport.stream(method, until, undefined, undefined, once(input), createContextValues());
      for await (const message of response.message) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        if (!isLive) onState({ kind: "live" });
        isLive = true;
        waitMs = FIRST_WAIT_MS;
        onMessage(message);
      }
      error = new ConnectError("The server ended the stream.", Code.Unavailable);
    } catch (thrown) {
      error = thrown;
    }
    clearTimeout(timer);
    if (isStopped()) return;
    if (FINAL.has(ConnectError.from(error).code)) {
      onState({ kind: "refused", error });
      return;
    }
    onState({ kind: "waiting", until: new Date(Date.now() + waitMs), error });
    await wait(waitMs, signal);
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- The transport wants what can be iterated asynchronously.
async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
