import type { JsonObject } from "./json.ts";
import type { Target } from "./target.ts";

/** Why a call of a target failed. */
export type CallFailure =
  /** Its name did not resolve. */
  | "dns"
  /** Its address lies outside the egress rules; nothing was sent. */
  | "egress_denied"
  /** No connection: refused, reset, unreachable. */
  | "connect"
  /** The TLS handshake failed. */
  | "tls"
  /** Not done within the target's timeout. */
  | "timeout"
  /** Connected, but the exchange broke off or was not HTTP. */
  | "exchange"
  /** Answered with a status other than 2xx. */
  | "status"
  /** Redirected too often, or in a way that is not followed. */
  | "redirect"
  /** The reply is larger than allowed. */
  | "reply_too_large"
  /** The payload is larger than allowed; nothing was sent. */
  | "payload_too_large"
  /** The payload could not be signed or encrypted as the target wants it: there is no usable key. Nothing was sent. */
  | "unsealable"
  /** There was no access token to be had for it; nothing was sent to it. */
  | "authorization"
  /** The reply is not JSON, or not a JSON object. */
  | "reply_not_json"
  /** The reply is JSON but does not fit the message. */
  | "reply_mismatch"
  /** The reply itself asks to refuse the message (`forwardedStatusCode`). */
  | "refused"
  /** The time of the whole run was over before the target answered. */
  | "deadline"
  /** The caller of the API went away before the target answered. */
  | "cancelled";

/** What one HTTP exchange with a target came to. */
export type Exchange =
  /** A 2xx answer with its whole body, `""` when there is none. */
  | {
      readonly kind: "replied";
      readonly status: number;
      readonly body: string;
      readonly durationMs: number;
      /** The payload as JSON, for records. */
      readonly sent?: Uint8Array | undefined;
    }
  | {
      readonly kind: "failed";
      readonly failure: CallFailure;
      /** HTTP status, where there was one. */
      readonly status?: number | undefined;
      /** For logs and records; never shown to the API's caller. */
      readonly detail: string;
      readonly durationMs: number;
      readonly sent?: Uint8Array | undefined;
    };

/** One request to a target, ready to be sent. */
export interface TargetRequest {
  /** Unique to this call, and the same wherever it is redirected. No full stop in it. Sent as `webhook-id`. */
  readonly id: string;
  readonly target: Target;
  readonly payload: JsonObject;
  /** W3C trace context that the call belongs to. https://www.w3.org/TR/trace-context/ */
  readonly traceparent?: string | undefined;
  /** Proof of which runs led to this call, which the target sends back with calls that it makes. Opaque here. */
  readonly chain?: string | undefined;
  /** Sent as `interpose-purpose`, so that the target can know. Absent: it is called in earnest. */
  readonly purpose?: CallPurpose | undefined;
}

/** What a target is called for, where nothing follows from its answer: beside a run, by hand with a sample, or to see whether it answers as another one did. */
export type CallPurpose = "shadow" | "try" | "rehearsal";

/** The engine's way to targets, which `caller/` implements. No function of it ever throws or rejects. */
export interface TargetCaller {
  /** Calls a target and waits for the end of the exchange. Aborting `signal` ends it with `cancelled`, or, for the reason DeadlinePassed, with `deadline`. */
  call(request: TargetRequest, signal: AbortSignal): Promise<Exchange>;
  /**
   * Calls a target that no run waits for. The caller keeps track of it, so that a shutdown can wait for it, and bounds how many there are, shadows apart from others:
   * what comes on top fails at once. What shadows do is felt by no other call. What is answered is for records.
   */
  callInBackground(request: TargetRequest): Promise<Exchange>;
}
