import type { DeliverySettings } from "./delivery/settings.ts";

/** How a target is called: `webhook` watches, `call` may change the message, `async` is not waited for. */
export type TargetType = "webhook" | "call" | "async";

/** Spelling of what a target is sent, and the way its reply is applied. */
export type Dialect = "v3alpha" | "v2";

/** How a reply is applied, where that is not as the dialect has it. `patch`: what a reply leaves out stays, and `null` clears it (RFC 7396). */
export type ReplyMode = "patch";

/** How a target's payload is written: plain, signed, or signed and encrypted. */
export type PayloadType = "json" | "jwt" | "jwe";

/** Id of a target: a decimal number as text. */
export type TargetId = string;

/** An HTTP endpoint that executions call. */
export interface Target {
  readonly id: TargetId;
  readonly name: string;
  readonly type: TargetType;
  /** Absolute URL. */
  readonly endpoint: string;
  /** Longest time of a whole HTTP exchange. */
  readonly timeoutMs: number;
  /** Whether a failed call refuses the message. Always false for `async`. */
  readonly interruptOnError: boolean;
  readonly dialect: Dialect;
  /** Absent: as the dialect has it. */
  readonly replyMode?: ReplyMode | undefined;
  /** Undefined: `json`. */
  readonly payloadType?: PayloadType | undefined;
  /** How events are delivered to it, where that is not as `DEFAULT_DELIVERY_SETTINGS`. */
  readonly delivery?: Partial<DeliverySettings> | undefined;
  /** What may be called for it alone, beyond what may be called for all: networks as CIDRs, and hosts such as `hooks.corp` or `*.corp`. */
  readonly egressAllow?: readonly string[] | undefined;
}
