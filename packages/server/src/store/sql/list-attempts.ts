import type { Queryable } from "../database.ts";

/** What came of an attempt for its delivery. */
export type AttemptDecision = "succeeded" | "retry" | "dead" | "held" | "dropped";

/** A row of `attempts`. */
export interface AttemptRow {
  readonly number: number;
  readonly beganAt: Date;
  readonly worker: string;
  readonly url: string;
  readonly address: string | null;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly status: number | null;
  readonly connectMs: number | null;
  readonly firstByteMs: number | null;
  readonly durationMs: number | null;
  readonly replyBytes: number | null;
  readonly reply: Buffer | null;
  readonly failure: string | null;
  readonly detail: string | null;
  readonly decision: AttemptDecision;
  readonly nextAt: Date | null;
}

/** Lists the last attempts of a delivery, the first of them first. */
export function listAttempts(db: Queryable, deliveryId: bigint, limit: number): Promise<readonly AttemptRow[]> {
  return db.query<AttemptRow>({
    name: "list-attempts",
    text: `select * from (
             select number, began_at as "beganAt", worker, url, address, request_headers as "requestHeaders", status, connect_ms as "connectMs",
               first_byte_ms as "firstByteMs", duration_ms as "durationMs", reply_bytes as "replyBytes", reply, failure, detail, decision, next_at as "nextAt"
             from interpose.attempts where delivery_id = $1 order by number desc limit $2
           ) as latest order by number`,
    values: [deliveryId, limit],
  });
}
