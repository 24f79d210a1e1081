import type { BudgetLimits } from "./budget.ts";

/** What one connection may use, and what its peer may do. */
export interface ConnectionLimits {
  /** Most streams that the peer may have open at once. */
  readonly maxConcurrentStreams: number;
  /** Bytes that a peer may send on one stream before it gets credit. It bounds what a slow receiver holds up. */
  readonly streamWindow: number;
  /** The same for all streams of a connection together. It is credited as bytes arrive, so that a slow stream holds up no other. */
  readonly connectionWindow: number;
  /** Largest header block, counted as RFC 9113, section 6.5.2 counts it. */
  readonly maxHeaderListBytes: number;
  /** Most CONTINUATION frames behind one HEADERS. A block within the limit of its size needs a few. */
  readonly maxContinuations: number;
  /** Most bytes of answers to PING and SETTINGS that wait for a peer that does not read them. */
  readonly maxWaitingAnswers: number;
  /** How often a peer may reset streams: each costs us a request that is begun in vain (CVE-2023-44487). */
  readonly resets: BudgetLimits;
  /** How often a peer may send frames without any use: empty DATA, PRIORITY, SETTINGS, unknown types. */
  readonly useless: BudgetLimits;
}

/** Limits that suit a gateway. */
export const DEFAULT_LIMITS: ConnectionLimits = {
  maxConcurrentStreams: 250,
  streamWindow: 256 * 1024,
  connectionWindow: 16 * 1024 * 1024,
  maxHeaderListBytes: 64 * 1024,
  maxContinuations: 16,
  maxWaitingAnswers: 64 * 1024,
  resets: { burst: 1_000, perSecond: 100 },
  useless: { burst: 1_000, perSecond: 100 },
};
