/** The columns of a queue, from `interpose.queues q`. */
export const QUEUE_HOLD_COLUMNS = `q.paused_at as "pausedAt", q.paused_by as "pausedBy", q.pause_reason as "pauseReason",
  case when q.slowed_until > clock_timestamp() then q.slowed_until end as "slowedUntil",
  q.breaker_opened_at as "breakerOpenedAt", q.breaker_probe_at as "breakerProbeAt"`;

/** A row of `queues`: what holds the deliveries to a target. */
export interface QueueHoldRow {
  readonly pausedAt: Date | null;
  readonly pausedBy: "operator" | "target" | "loop" | null;
  readonly pauseReason: string | null;
  /** Null: it is not slowed, or no longer. */
  readonly slowedUntil: Date | null;
  readonly breakerOpenedAt: Date | null;
  readonly breakerProbeAt: Date | null;
}
