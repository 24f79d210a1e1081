import { arrayText, byteArrayText, joinedJson, textArrayText } from "../array-text.ts";
import type { Queryable } from "../database.ts";
import { AFTER_GATES } from "./gates.ts";

/** An attempt that ended, and what was decided of its delivery. */
export interface EndedAttempt {
  readonly deliveryId: bigint;
  readonly number: number;
  /** Whether others waited for it when it was claimed. One that has been opened since is opened once more, which changes nothing. */
  readonly gate: "success" | "attempt" | null;
  /** `performance.now()` when it began. */
  readonly beganAt: number;
  readonly url: string;
  readonly address: string | undefined;
  /** As a JSON object. */
  readonly requestHeaders: string;
  readonly status: number | undefined;
  readonly connectMs: number | undefined;
  readonly firstByteMs: number | undefined;
  readonly durationMs: number;
  readonly replyBytes: number | undefined;
  readonly reply: Uint8Array | undefined;
  /** Undefined: it succeeded. */
  readonly failure: string | undefined;
  readonly detail: string | undefined;
  readonly decision: "succeeded" | "retry" | "dead" | "held";
  /** Until the next attempt, where there is one. */
  readonly delayMs: number | undefined;
  /** Whether it is a step in the retry schedule. */
  readonly isCounted: boolean;
}

/**
 * Writes attempts that ended and what follows: the deliveries, and those of the same events that waited for them or end with them. What the worker has no claim on
 * any more changes nothing. Answers the targets that have something new to attempt and whose owner is this worker or was told.
 */
export async function finishAttempts(
  db: Queryable,
  workerId: string,
  instanceId: string,
  attempts: readonly EndedAttempt[],
): Promise<readonly string[]> {
  const rows = await db.query<{ readonly targetId: string }>({
    name: "finish-attempts",
    text: FINISH,
    values: [workerId, instanceId, ...attemptColumns(attempts)],
  });
  return rows.map(({ targetId }) => targetId);
}

/**
 * Attempts as columns, each a parameter of a statement: id, number, gate, for how many milliseconds it has been since it began, URL, address, headers (to be taken apart by
 * `string_to_array($n, chr(1))`), status, the times until the connection, the first byte and the end, bytes and beginning of the reply, failure, detail, decision, delay, and whether it counts.
 */
export function attemptColumns(attempts: readonly EndedAttempt[]): readonly string[] {
  const now = performance.now();
  const column = <T>(read: (attempt: EndedAttempt) => T): readonly T[] => attempts.map(read);
  return [
    arrayText(column(({ deliveryId }) => deliveryId)),
    arrayText(column(({ number }) => number)),
    textArrayText(column(({ gate }) => gate)),
    arrayText(column(({ beganAt }) => now - beganAt)),
    textArrayText(column(({ url }) => url)),
    textArrayText(column(({ address }) => address)),
    joinedJson(column(({ requestHeaders }) => requestHeaders)),
    arrayText(column(({ status }) => status)),
    arrayText(column(({ connectMs }) => connectMs)),
    arrayText(column(({ firstByteMs }) => firstByteMs)),
    arrayText(column(({ durationMs }) => durationMs)),
    arrayText(column(({ replyBytes }) => replyBytes)),
    byteArrayText(column(({ reply }) => (reply?.length === 0 ? undefined : reply))),
    textArrayText(column(({ failure }) => failure)),
    textArrayText(column(({ detail }) => detail)),
    textArrayText(column(({ decision }) => decision)),
    arrayText(column(({ delayMs }) => delayMs)),
    arrayText(column(({ isCounted }) => isCounted)),
  ];
}

// An attempt whose delivery was ended by others meanwhile (cancelled, say) is on record as dropped.
const FINISH = `
  with input as materialized (
    select * from unnest($3::bigint[], $4::int[], $5::text[], $6::float8[], $7::text[], $8::text[], string_to_array($9, chr(1)), $10::int[], $11::real[], $12::real[], $13::real[], $14::int[],
        $15::bytea[], $16::text[], $17::text[], $18::text[], $19::float8[], $20::bool[])
      as t (id, number, gate, began_ms_ago, url, address, request_headers, status, connect_ms, first_byte_ms, duration_ms, reply_bytes, reply, failure, detail, decision,
        delay_ms, is_counted)
  ), changed as (
    -- The worker's claim keeps all others from attempting it, and an end that others put to it (cancelled, say) stays.
    update interpose.deliveries d set
      state = case when d.state <> 'waiting' or i.decision in ('retry', 'held') then d.state else i.decision end,
      due_at = case when d.state = 'waiting' and i.decision = 'retry' then statement_timestamp() + i.delay_ms * interval '1 ms' else d.due_at end,
      attempts = i.number,
      failures = d.failures + i.is_counted::int,
      claimed_by = null,
      claimed_at = null,
      gate = case when d.gate = 'attempt' or (d.gate = 'success' and i.decision = 'succeeded') then null else d.gate end,
      reason = case when d.state = 'waiting' and i.decision = 'dead' then i.failure else d.reason end,
      ended_at = case when d.state = 'waiting' and i.decision in ('succeeded', 'dead') then statement_timestamp() else d.ended_at end
    from input i
    -- A crash of PostgreSQL may have taken back the claim, and nothing else has a delivery without one at the same attempt.
    where d.id = i.id and (d.claimed_by = $1 or (d.claimed_by is null and d.state = 'waiting' and d.attempts = i.number - 1))
    returning d.id, d.event_position, d.stage, d.state = case when i.decision in ('retry', 'held') then 'waiting' else i.decision end as was_waiting
  ), recorded as (
    insert into interpose.attempts
      (delivery_id, number, began_at, worker, url, address, request_headers, status, connect_ms, first_byte_ms, duration_ms, reply_bytes, reply, failure, detail,
        decision, next_at)
    select i.id, i.number, statement_timestamp() - i.began_ms_ago * interval '1 ms', $1, i.url, i.address, i.request_headers::jsonb, i.status, i.connect_ms,
      i.first_byte_ms, i.duration_ms, i.reply_bytes, i.reply, i.failure, i.detail, case when c.was_waiting then i.decision else 'dropped' end,
      case when c.was_waiting then statement_timestamp() + i.delay_ms * interval '1 ms' end
    from input i join changed c using (id)
    on conflict do nothing
  ), ended as (
    select c.event_position, c.stage,
      i.gate = 'attempt' or i.decision = 'succeeded' as opens,
      i.gate = 'success' and i.decision = 'dead' as interrupts
    from changed c join input i using (id)
    where i.gate is not null and c.was_waiting
  ), ${AFTER_GATES}
  select target_id as "targetId", (select count(*) from told) from released`;
