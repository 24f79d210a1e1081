import type { CallFailure, PayloadType } from "@interpose/engine";
import type { EndedExchange } from "./exchange.ts";
import { millisecondsBetween } from "./milliseconds.ts";
import { withSecretsHidden } from "./request-headers.ts";
import { parseRetryAfter } from "./retry-after.ts";

/** So much of a reply's body is kept for the record of an attempt. */
export const KEPT_REPLY_BYTES = 16 * 1024;

/** One attempt to deliver, ready to be sent. */
export interface DeliveryRequest {
  /** Whose credentials it is made with. */
  readonly targetId: string;
  /** The delivery's, the same with each attempt. No full stop in it. Sent as `webhook-id`. */
  readonly id: string;
  /** Absolute URL of the target. User name and password in it go to it as `authorization`, and not to where it redirects. */
  readonly endpoint: string;
  /** Longest time of the whole exchange, redirects included. */
  readonly timeoutMs: number;
  /** JSON. Sent as it is, or sealed as the type says. */
  readonly payload: Uint8Array;
  /** Undefined: `json`. */
  readonly payloadType?: PayloadType | undefined;
  /** Names in small letters. No secrets: they go into the record, and to wherever the target redirects. Those that every call has are the caller's own, whatever is given here. */
  readonly headers: Readonly<Record<string, string>>;
  /** The target's own list of what may be called, see `Target`. */
  readonly egressAllow?: readonly string[] | undefined;
}

/** What one attempt to deliver came to: its end, and what is known of it. */
export type DeliveryExchange = DeliveryFacts &
  (
    | {
        readonly kind: "replied";
        /** 2xx. */
        readonly status: number;
        /** The whole body as text, `""` when there is none. */
        readonly body: string;
      }
    | {
        readonly kind: "failed";
        readonly failure: CallFailure;
        /** For logs and records; names no URL and no secret. */
        readonly detail: string;
      }
  );

/**
 * What is known of an attempt, also of one that failed. All but the duration is about the last request: after a redirect, of the one to where it leads. What
 * an attempt did not come to is undefined: without `sentHeaders`, nothing of that request was sent; without `status`, nothing came back.
 */
export interface DeliveryFacts {
  /** Where it went, or would have gone, without credentials, query and fragment. Undefined when nothing was tried. */
  readonly url?: string | undefined;
  /** Where the socket really led to, with its port: `192.0.2.1:443`, `[2001:db8::1]:443`. */
  readonly address?: string | undefined;
  /** Names and values as they were sent; secret ones masked. Without `host`, `connection` and `content-length`, which follow from the rest. */
  readonly sentHeaders?: Readonly<Record<string, string>> | undefined;
  /** Status of the reply, also where something else made the attempt fail. */
  readonly status?: number | undefined;
  /** How long the reply asks to wait (`Retry-After`), in milliseconds: from 0 to a day. Undefined when it does not, or not in a way that can be read. */
  readonly retryAfterMs?: number | undefined;
  /** How long it took to make the connection, from the name to the end of the TLS handshake. Undefined for one that was kept. */
  readonly connectMs?: number | undefined;
  /** From the beginning of the attempt until the head of the reply was there. */
  readonly firstByteMs?: number | undefined;
  /** The whole attempt, redirects included. */
  readonly durationMs: number;
  /** How many bytes of the reply's body were read. Not all of a long one is. */
  readonly replyBytes?: number | undefined;
  /** The first 16 KiB of the reply's body, as far as they were read, whatever the status. */
  readonly reply?: Uint8Array | undefined;
}

/** An exchange as the record of an attempt needs it. `now` is the time that a `Retry-After` with a date is measured from, in milliseconds since 1970. */
export function deliveryExchange({ outcome, last, began, durationMs }: EndedExchange, now: number): DeliveryExchange {
  const facts: DeliveryFacts = {
    url: last && `${last.url.origin}${last.url.pathname}`,
    address: last?.address,
    sentHeaders: last?.sent ? withSecretsHidden(last.headers) : undefined,
    status: last?.status,
    retryAfterMs: parseRetryAfter(last?.replyHeader("retry-after"), now),
    connectMs: last?.connectMs,
    firstByteMs: last?.firstByteAt === undefined ? undefined : millisecondsBetween(began, last.firstByteAt),
    durationMs,
    replyBytes: last?.status === undefined ? undefined : last.replyBytes,
    reply: last?.kept,
  };
  return outcome.kind === "replied"
    ? { ...facts, kind: "replied", status: outcome.status, body: outcome.body }
    : { ...facts, kind: "failed", failure: outcome.failure, detail: outcome.detail };
}
