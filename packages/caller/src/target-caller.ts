import type { Exchange, TargetCaller, TargetRequest } from "@interpose/engine";
import { createAccessTokens } from "./authorization/access-tokens.ts";
import { createBackgroundCalls } from "./background.ts";
import { createConnectionPools } from "./connection-pools.ts";
import { deliveryExchange, KEPT_REPLY_BYTES, type DeliveryExchange, type DeliveryRequest } from "./delivery.ts";
import { exchange, type ExchangeParts } from "./exchange.ts";
import { classifyError } from "./failure.ts";
import { PURPOSE_HEADER, RUN_HEADER } from "./headers.ts";
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
  const openParts = (): ExchangeParts => {
    const pools = createConnectionPools(complete);
    return { pools, tokens: createAccessTokens({ pools, userAgent: complete.userAgent }), options: complete };
  };
  const parts = openParts();
  // On connections of their own: a shadow that hangs must not keep its origin's other targets waiting for one.
  const shadowParts = openParts();
  const asyncCalls = createBackgroundCalls(complete.maxBackgroundCalls);
  const shadowCalls = createBackgroundCalls(complete.maxShadowCalls, complete.onShadowDropped);

  const callBy = async (request: TargetRequest, signal: AbortSignal, by: ExchangeParts): Promise<Exchange> => {
    const { id: targetId, endpoint, timeoutMs, payloadType, egressAllow } = request.target;
    let payload: Buffer;
    try {
      payload = Buffer.from(JSON.stringify(request.payload));
    } catch (error) {
      return { kind: "failed", ...classifyError(error), durationMs: 0 };
    }
    const [{ id }, headers] = [request, headersOfCall(request)];
    const sent = { targetId, id, endpoint, timeoutMs, payload, payloadType, headers, egressAllow, keepBytes: 0 };
    const { outcome, durationMs } = await exchange(sent, signal, by);
    return { ...outcome, durationMs, sent: payload };
  };
  return {
    call: (request, signal) => callBy(request, signal, parts),

    async deliver(request, signal) {
      const ended = await exchange({ ...request, keepBytes: KEPT_REPLY_BYTES }, signal, parts);
      return deliveryExchange(ended, complete.now());
    },

    callInBackground(request) {
      const [calls, by] = request.purpose === "shadow" ? [shadowCalls, shadowParts] : [asyncCalls, parts];
      return calls.make(
        (signal) => callBy(request, signal, by),
        (ended) => complete.onBackgroundCall(request.target.id, ended),
      );
    },

    drain: async (timeoutMs) =>
      void (await Promise.all([asyncCalls, shadowCalls].map((calls) => calls.drain(timeoutMs)))),

    close: async () => void (await Promise.all([parts, shadowParts].map(({ pools }) => pools.destroy()))),
  };
}

/** What only a call has to say to a target. */
export function headersOfCall({
  traceparent,
  chain,
  purpose,
}: Pick<TargetRequest, "traceparent" | "chain" | "purpose">): Readonly<Record<string, string>> {
  return {
    ...(traceparent !== undefined && { traceparent: childTraceparent(traceparent) }),
    // Also to where it redirects: a circle may lead through there.
    ...(chain !== undefined && { [RUN_HEADER]: chain }),
    ...(purpose !== undefined && { [PURPOSE_HEADER]: purpose }),
  };
}
