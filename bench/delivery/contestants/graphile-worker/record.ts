import type { ClaimedDelivery } from "../../../../packages/server/src/store/sql/claim-deliveries.ts";
import { attemptColumns, type EndedAttempt } from "../../../../packages/server/src/store/sql/finish-attempts.ts";
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
    return database.query({
      name: "record-attempts",
      text: RECORD,
      values: [worker, ...attemptColumns(attempts)],
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
    select * from unnest($2::bigint[], $3::int[], $4::text[], $5::float8[], $6::text[], $7::text[], string_to_array($8, chr(1)), $9::int[], $10::real[], $11::real[], $12::real[], $13::int[], $14::bytea[],
        $15::text[], $16::text[], $17::text[], $18::float8[], $19::bool[])
      as t (id, number, gate, began_ms_ago, url, address, request_headers, status, connect_ms, first_byte_ms, duration_ms, reply_bytes, reply, failure, detail, decision, delay_ms, is_counted)
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
