import {
  beginTimeLimit,
  headersOfCall,
  type DeliveryExchange,
  type HttpTargetCaller,
  type TimeLimit,
} from "@interpose/caller";
import { DeadlinePassed, type Exchange, type TargetCaller, type TargetRequest } from "@interpose/engine";

/** A way to targets that remembers what was sent, headers and all. Secret ones are hidden before it learns of them. */
export interface TryCaller extends TargetCaller {
  /** What became of the call with an id, once it has ended. */
  exchangeOf(id: string): DeliveryExchange | undefined;
}

/** Calls targets as runs do, and says to them that they are tried. What no run waits for ends with `signal` too. */
export function createTryCaller(deliver: HttpTargetCaller["deliver"], signal: AbortSignal): TryCaller {
  const ended = new Map<string, DeliveryExchange>();
  const call = async (request: TargetRequest, end: AbortSignal): Promise<Exchange> => {
    const { id, target } = request;
    const { id: targetId, endpoint, timeoutMs, payloadType, egressAllow } = target;
    const payload = Buffer.from(JSON.stringify(request.payload));
    const headers = headersOfCall({ ...request, purpose: "try" });
    const exchange = await deliver(
      { targetId, id, endpoint, timeoutMs, payload, payloadType, headers, egressAllow },
      end,
    );
    ended.set(id, exchange);
    return exchangeOf(exchange);
  };
  return {
    call,
    callInBackground: (request) => call(request, signal),
    exchangeOf: (id) => ended.get(id),
  };
}

/** Begins the time that a try may take in all, also for what no run waits for. */
export function beginTryTime(signal: AbortSignal, maxRunMs: number): TimeLimit {
  const over = (): DeadlinePassed => new DeadlinePassed(`not done within limits.maxRunSeconds, ${maxRunMs / 1000} s`);
  return beginTimeLimit(signal, maxRunMs > 0 ? maxRunMs : Infinity, { over, aborted: () => signal.reason as unknown });
}

/** An exchange of a delivery as runs know it. */
export function exchangeOf(exchange: DeliveryExchange): Exchange {
  const { durationMs, status } = exchange;
  return exchange.kind === "replied"
    ? { kind: "replied", status: exchange.status, body: exchange.body, durationMs }
    : { kind: "failed", failure: exchange.failure, detail: exchange.detail, status, durationMs };
}
