import { createTargetCaller, type DeliveryExchange } from "@interpose/caller";
import { attemptOutcome } from "@interpose/engine";
import type { FollowedEvent } from "./follow.ts";
import { sleep } from "./sleep.ts";

/** Where events are forwarded to, and how. */
export interface ForwardOptions {
  /** Absolute URL, http or https. */
  readonly url: string;
  /** What forwards are signed with. */
  readonly secret: string;
  readonly timeoutMs: number;
  /** Most attempts for one event, the first included. */
  readonly attempts: number;
  /** Told of each attempt that failed and is followed by another. */
  readonly onRetry: (event: FollowedEvent, failure: string, delayMs: number) => void;
  /** Gives up what is being forwarded. */
  readonly signal: AbortSignal;
}

/** What became of one event. */
export interface Forwarded {
  readonly attempts: number;
  readonly durationMs: number;
  /** The last answer's. Undefined: none came. */
  readonly status: number | undefined;
  /** Why it was given up. Undefined: it was forwarded. */
  readonly failure: string | undefined;
}

/** Forwards events to a URL, in their order for each aggregate. */
export interface Forwarder {
  /** Ends with what became of the event; undefined where the signal came first. */
  forward(event: FollowedEvent): Promise<Forwarded | undefined>;
  close(): Promise<void>;
}

/** Time before each attempt after the first; the last one repeats. Quicker than deliveries to targets, since somebody looks on. */
const RETRY_DELAYS_MS = [200, 500, 1_000, 2_000, 5_000, 10_000];
/** Most events that are forwarded at once. */
export const MOST_AT_ONCE = 100;

/** A forwarder by the caller that targets are told by: the same body, the same headers, signed in the same way. */
export function createForwarder({ url, secret, timeoutMs, attempts, onRetry, signal }: ForwardOptions): Forwarder {
  const caller = createTargetCaller({
    // Whoever gives the URL is who runs this.
    egressAllow: ["0.0.0.0/0", "::/0"],
    maxConnectionsPerOrigin: MOST_AT_ONCE,
    credentialsOf: () => ({ signingKeys: [{ kind: "hmac", secret }] }),
  });
  const retryDelaysMs = Array.from(
    { length: attempts - 1 },
    (_, i) => RETRY_DELAYS_MS[i] ?? RETRY_DELAYS_MS.at(-1) ?? 0,
  );
  /** The last forward of each aggregate that has one going. */
  const tails = new Map<string, Promise<unknown>>();

  const isOver = (): boolean => signal.aborted;
  async function forwardNow(followed: FollowedEvent): Promise<Forwarded | undefined> {
    const began = performance.now();
    const payload = Buffer.from(followed.body);
    for (let attempt = 1; ; attempt++) {
      if (isOver()) return undefined;
      const headers = { "interpose-attempt": String(attempt) };
      const request = { targetId: "listen", id: String(followed.position), endpoint: url, timeoutMs, payload, headers };
      const exchange = await caller.deliver(request, signal);
      if (isOver() && exchange.kind === "failed") return undefined;
      const { decision, failure } = attemptOutcome(exchange, {
        failures: attempt - 1,
        retryDelaysMs,
        random: Math.random(),
      });
      if (decision.kind === "retry") {
        onRetry(followed, describe(exchange), decision.delayMs);
        await sleep(decision.delayMs, signal);
      } else {
        const given = failure === "refused" ? "it refused the event" : describe(exchange);
        return {
          attempts: attempt,
          durationMs: performance.now() - began,
          status: exchange.status,
          failure: decision.kind === "succeeded" ? undefined : given,
        };
      }
    }
  }

  return {
    forward(followed) {
      const { aggregateType, aggregateId } = followed.event;
      const key = JSON.stringify([aggregateType, aggregateId]);
      const forwarded = (tails.get(key) ?? Promise.resolve()).then(() => forwardNow(followed));
      const tail = forwarded.then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
      tails.set(key, tail);
      return forwarded;
    },
    close: () => caller.close(),
  };
}

function describe(exchange: DeliveryExchange): string {
  if (exchange.kind === "replied") return `status ${exchange.status}`;
  return exchange.failure === "status" ? `status ${exchange.status ?? ""}` : exchange.detail;
}
