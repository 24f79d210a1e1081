import { createDatabase } from "../../../../packages/server/src/store/database.ts";

/** One attempt of a job. */
export interface RecordedAttempt {
  readonly jobId: string;
  readonly number: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  readonly durationMs: number;
}

/** A record of attempts, beside the library's tables. */
export interface AttemptRecord {
  setUp(): Promise<void>;
  /** Writes an attempt down, together with all that end while the ones before are written. */
  add(attempt: RecordedAttempt): Promise<void>;
  close(): Promise<void>;
}

/** Opens the record in a database. */
export function createRecord(url: string): AttemptRecord {
  const database = createDatabase({ url });
  let batch: RecordedAttempt[] = [];
  let before: Promise<unknown> = Promise.resolve();
  let writing: Promise<unknown> | undefined;

  function write(): Promise<unknown> {
    const attempts = batch;
    batch = [];
    writing = undefined;
    const column = <T>(read: (attempt: RecordedAttempt) => T): readonly T[] => attempts.map(read);
    return database.query({
      name: "record-attempts",
      text: `insert into attempts (job_id, number, began_at, url, request_headers, status, duration_ms)
             select id, number, clock_timestamp() - ms * interval '1 ms', url, headers, status, ms
             from unnest($1::bigint[], $2::int[], $3::text[], $4::jsonb[], $5::int[], $6::real[]) as t (id, number, url, headers, status, ms)`,
      values: [
        column(({ jobId }) => jobId),
        column(({ number }) => number),
        column(({ url: endpoint }) => endpoint),
        column(({ headers }) => JSON.stringify(headers)),
        column(({ status }) => status),
        column(({ durationMs }) => durationMs),
      ],
    });
  }

  return {
    async setUp() {
      const text = `create table attempts (job_id bigint, number int, began_at timestamptz not null, url text not null, request_headers jsonb not null,
                      status int, duration_ms real, primary key (job_id, number))`;
      await database.query({ text, values: [] });
    },
    async add(attempt) {
      batch.push(attempt);
      writing ??= before = before.then(write);
      await writing;
    },
    close: () => database.close(),
  };
}
