import type { Queryable } from "../database.ts";

/** Runs to write, as lists in JSON: rows of `RunRow`, each with where its messages are in `content`, as `start` and `bytes`; and rows of `RunCallRow`. */
export interface RunsToInsert {
  readonly runs: Uint8Array;
  readonly calls: Uint8Array;
  readonly content: Uint8Array;
}

/** Writes runs with their calls and messages. Parameters are bytes as they are sent, so that the driver copies them and does nothing else. */
export async function insertRuns(db: Queryable, instanceId: string, batch: RunsToInsert): Promise<void> {
  await db.query({
    name: "insert-runs",
    text: `with given as materialized (
             select * from json_to_recordset($2::json) as t (id bigint, side text, method text, execution_id text, host text, user_id text, org_id text, project_id text,
               depth integer, duration_ms real, outcome text, error_reason text, error_code text, error_text text, calls integer, failed_calls integer, start integer,
               bytes integer)
           ), written as (
             insert into interpose.runs (id, instance_id, side, method, execution_id, host, user_id, org_id, project_id, depth, duration_ms, outcome,
               error_reason, error_code, error_text, calls, failed_calls)
             select id, $1, side, method, execution_id, host, user_id, org_id, project_id, depth, duration_ms, outcome, error_reason, error_code, error_text,
               calls, failed_calls
             from given
             on conflict do nothing
           ), called as (
             insert into interpose.run_calls (run_id, place, instance_id, target_id, target_name, begin_ms, duration_ms, status, effect, failure, detail)
             select run_id, place, $1, target_id, target_name, begin_ms, duration_ms, status, effect, failure, detail
             from json_to_recordset($3::json) as t (run_id bigint, place integer, target_id text, target_name text, begin_ms real, duration_ms real, status integer,
               effect text, failure text, detail text)
             on conflict do nothing
           )
           insert into interpose.run_messages (run_id, place, content)
           select id, 0, substring($4::bytea from start + 1 for bytes) from given where bytes > 0
           on conflict do nothing`,
    values: [instanceId, batch.runs, batch.calls, batch.content],
  });
}
