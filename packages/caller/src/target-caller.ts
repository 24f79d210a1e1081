import type { Exchange, TargetCaller, TargetRequest } from "@interpose/engine";
import { createAccessTokens } from "./authorization/access-tokens.ts";
import { createConnectionPools } from "./connection-pools.ts";
import { deliveryExchange, KEPT_REPLY_BYTES, type DeliveryExchange, type DeliveryRequest } from "./delivery.ts";
import { exchange } from "./exchange.ts";
import { classifyError } from "./failure.ts";
import { RUN_HEADER } from "./headers.ts";
import { validateTargetCallerOptions, type TargetCallerOptions } from "./options.ts";
import { childTraceparent } from "./traceparent.ts";

/** A target caller with a lifetime. */
export interface HttpTargetCaller extends TargetCaller {
  /**
   * Posts to a target once, as `call` does, and answers all that the record of an attempt needs. Never throws or rejects. Aborting `signal` ends it with
   * `cancelled`, or, for the reason DeadlinePassed, with `deadline`.
   */
  deliver(request: DeliveryRequest, signal: AbortSignal): Promise<DeliveryExchange>;
  /** Waits for the calls in the background, at most `timeoutMs`, then ends those that are left. */
  drain(timeoutMs: number): Promise<void>;
  /** Closes all connections. */
  close(): Promise<void>;
}

/** Calls targets by HTTP/1.1, on connections that are kept, within the limits and egress rules of the options. */
export function createTargetCaller(options: Partial<TargetCallerOptions> = {}): HttpTargetCaller {
  const complete = validateTargetCallerOptions(options);
  const pools = createConnectionPools(complete);
  const tokens = createAccessTokens({ pools, userAgent: complete.userAgent });
  const parts = { pools, tokens, options: complete };
  /** How many calls are in the background, and whom to tell when there are none. Not a set of them: V8 lets what passes through one grow old. */
  let inBackground = 0;
  const whenNone: (() => void)[] = [];
  const backgroundEnd = new AbortController();

  const call = async (request: TargetRequest, signal: AbortSignal): Promise<Exchange> => {
    const { id: targetId, endpoint, timeoutMs, payloadType, egressAllow } = request.target;
    let payload: Buffer;
    try {
      payload = Buffer.from(JSON.stringify(request.payload));
    } catch (error) {
      return { kind: "failed", ...classifyError(error), durationMs: 0 };
    }
    const [{ id }, headers] = [request, headersOf(request)];
    const sent = { targetId, id, endpoint, timeoutMs, payload, payloadType, headers, egressAllow, keepBytes: 0 };
    const { outcome, durationMs } = await exchange(sent, signal, parts);
    return { ...outcome, durationMs, sent: payload };
  };
  return {
    call,

    async deliver(request, signal) {
      const ended = await exchange({ ...request, keepBytes: KEPT_REPLY_BYTES }, signal, parts);
      return deliveryExchange(ended, complete.now());
    },

    callInBackground(request) {
      const { target } = request;
      if (inBackground >= complete.maxBackgroundCalls) {
        const detail = `${inBackground} calls are waiting in the background already`;
        const ended: Exchange = { kind: "failed", failure: "connect", detail, durationMs: 0 };
        complete.onBackgroundCall(target.id, ended);
        return Promise.resolve(ended);
      }
      inBackground++;
      return call(request, backgroundEnd.signal).then((ended) => {
        inBackground--;
        if (inBackground === 0) for (const tell of whenNone.splice(0)) tell();
        complete.onBackgroundCall(target.id, ended);
        return ended;
      });
    },

    async drain(timeoutMs) {
      const timer = setTimeout(() => backgroundEnd.abort(), timeoutMs);
      if (inBackground > 0) await new Promise<void>((resolve) => whenNone.push(resolve));
      clearTimeout(timer);
    },

    close: () => pools.destroy(),
  };
}

/** What only a call has to say to a target. */
function headersOf({ traceparent, chain }: TargetRequest): Readonly<Record<string, string>> {
  return {
    ...(traceparent !== undefined && { traceparent: childTraceparent(traceparent) }),
    // Also to where it redirects: a circle may lead through there.
    ...(chain !== undefined && { [RUN_HEADER]: chain }),
  };
}
