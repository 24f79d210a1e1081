/** A queue's state as its owner reads it. Times are in milliseconds from now. */
export interface StoredQueue {
  readonly targetId: string;
  readonly pausedBy: "operator" | "target" | "loop" | null;
  readonly pauseReason: string | null;
  readonly slowedMs: number | null;
  /** 0: its breaker is closed. */
  readonly openings: number;
  readonly probeMs: number | null;
  /** Differs whenever anything of the breaker or the slowing was changed. */
  readonly mark: string;
}

/** Of a row that is called `q`: what differs whenever anything of the breaker or the slowing was changed. */
export const QUEUE_MARK = `concat_ws(' ', extract(epoch from q.slowed_until), '|', extract(epoch from q.breaker_opened_at), extract(epoch from q.breaker_probe_at),
    q.breaker_openings)`;

/** Columns of a `StoredQueue`, of a table that is called `q`. */
export const QUEUE_COLUMNS = `
  q.target_id as "targetId", q.paused_by as "pausedBy", q.pause_reason as "pauseReason",
  extract(epoch from q.slowed_until - statement_timestamp())::float8 * 1000 as "slowedMs",
  case when q.breaker_opened_at is null then 0 else greatest(q.breaker_openings, 1) end as openings,
  extract(epoch from q.breaker_probe_at - statement_timestamp())::float8 * 1000 as "probeMs",
  ${QUEUE_MARK} as mark`;
