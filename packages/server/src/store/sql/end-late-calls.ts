import type { Queryable } from "../database.ts";

/** Ends to write, as a list in JSON: rows of `LateRow`, each with where in `content` its messages are, `start` and `bytes`. */
export interface LateEndsToWrite {
  readonly ends: Uint8Array;
  readonly content: Uint8Array;
}

/** Writes what came of calls that their runs did not wait for. A run with one that failed comes on record anew, so that who follows runs is told. What was pruned meanwhile stays away. */
export async function endLateCalls(db: Queryable, { ends, content }: LateEndsToWrite): Promise<void> {
  await db.query({
    name: "end-late-calls",
    text: `with ended as (
             update interpose.run_calls c set duration_ms = e.duration_ms, status = e.status, failure = e.failure, detail = e.detail,
               shadow_effect = e.shadow_effect, is_same = e.is_same
             from json_to_recordset($1::json)
               as e (run_id bigint, place integer, duration_ms real, status integer, failure text, detail text, shadow_effect text, is_same boolean,
                 start integer, bytes integer)
             where c.run_id = e.run_id and c.place = e.place
             returning c.run_id, c.place, c.effect <> 'shadow' and c.failure is not null as has_failed, e.start, e.bytes
           ), failed as (
             update interpose.runs r set failed_calls = r.failed_calls + f.count, position = default
             from (select run_id, count(*) from ended where has_failed group by run_id) f
             where r.id = f.run_id
           )
           insert into interpose.run_messages (run_id, place, content)
           select run_id, place, substring($2::bytea from start + 1 for bytes) from ended where bytes > 0
           on conflict do nothing`,
    values: [ends, content],
  });
}
