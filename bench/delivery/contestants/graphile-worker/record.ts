import type { ClaimedDelivery } from "../../../../packages/server/src/store/sql/claim-deliveries.ts";
import type { EndedAttempt } from "../../../../packages/server/src/store/sql/finish-attempts.ts";
import {
  arrayText,
  byteArrayText,
  joinedJson,
  textArrayText,
} from "../../../../packages/server/src/store/array-text.ts";
import type { Database } from "../../../../packages/server/src/store/database.ts";

/** A delivery as the payload of a job, which is JSON. */
export type RecordedJob = Pick<
  ClaimedDelivery,
  | "targetId"
  | "executionId"
  | "eventType"
  | "aggregateType"
  | "aggregateId"
  | "creator"
  | "resourceOwner"
  | "version"
  | "depth"
  | "payload"
> & { readonly id: string; readonly sequence: string; readonly createdAt: string };

/** The record of attempts, and of what became of their deliveries. */
export interface AttemptRecord {
  /** Writes an attempt down, together with all that end while the ones before are written. */
  add(attempt: EndedAttempt): Promise<void>;
}

/** Opens the record in a database that has the schema of Interpose. */
export function createRecord(database: Database, worker: string): AttemptRecord {
  let batch: EndedAttempt[] = [];
  let before: Promise<unknown> = Promise.resolve();
  let writing: Promise<unknown> | undefined;

  function write(): Promise<unknown> {
    const attempts = batch;
    batch = [];
    writing = undefined;
    const now = performance.now();
    const column = <T>(read: (attempt: EndedAttempt) => T): readonly T[] => attempts.map(read);
    return database.query({
      name: "record-attempts",
      text: RECORD,
      values: [
        worker,
        arrayText(column(({ deliveryId }) => deliveryId)),
        arrayText(column(({ number }) => number)),
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
      ],
    });
  }

  return {
    async add(attempt) {
      batch.push(attempt);
      writing ??= before = before.then(write);
      await writing;
    },
  };
}

// What Interpose's own statement writes, but for what only its way of claiming needs.
const RECORD = `
  with input as materialized (
    select * from unnest($2::bigint[], $3::int[], $4::float8[], $5::text[], $6::text[], string_to_array($7, chr(1)), $8::int[], $9::real[], $10::real[], $11::real[], $12::int[], $13::bytea[],
        $14::text[], $15::text[], $16::text[], $17::float8[], $18::bool[])
      as t (id, number, began_ms_ago, url, address, request_headers, status, connect_ms, first_byte_ms, duration_ms, reply_bytes, reply, failure, detail, decision, delay_ms, is_counted)
  ), changed as (
    update interpose.deliveries d set
      state = case when i.decision = 'retry' then d.state else i.decision end,
      due_at = case when i.decision = 'retry' then statement_timestamp() + i.delay_ms * interval '1 ms' else d.due_at end,
      attempts = i.number,
      failures = d.failures + i.is_counted::int,
      reason = case when i.decision = 'dead' then i.failure end,
      ended_at = case when i.decision <> 'retry' then statement_timestamp() end
    from input i where d.id = i.id and d.state = 'waiting'
  )
  insert into interpose.attempts
    (delivery_id, number, began_at, worker, url, address, request_headers, status, connect_ms, first_byte_ms, duration_ms, reply_bytes, reply, failure, detail, decision, next_at)
  select id, number, statement_timestamp() - began_ms_ago * interval '1 ms', $1, url, address, request_headers::jsonb, status, connect_ms, first_byte_ms, duration_ms, reply_bytes, reply,
    failure, detail, decision, statement_timestamp() + delay_ms * interval '1 ms'
  from input on conflict do nothing`;
