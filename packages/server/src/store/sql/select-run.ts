import type { Queryable } from "../database.ts";
import { RUN_COLUMNS, type StoredRun, type StoredRunCall } from "./run-row.ts";

/** What was kept of the messages of a run's calls, see `ContentOfRun` and `ContentOfCall`. */
export interface StoredRunMessages {
  /** 0: of the run. Else: of the call at this place, which ended later. */
  readonly place: number;
  readonly content: Uint8Array;
}

/** One run, if there is one with this id. */
export async function selectRun(db: Queryable, instanceId: string, id: bigint): Promise<StoredRun | undefined> {
  const [row] = await db.query<StoredRun>({
    name: "select-run",
    text: `select ${RUN_COLUMNS} from interpose.runs r where r.instance_id = $1 and r.id = $2`,
    values: [instanceId, id],
  });
  return row;
}

/** The calls of a run, in their order. */
export function selectRunCalls(db: Queryable, runId: bigint): Promise<readonly StoredRunCall[]> {
  return db.query<StoredRunCall>({
    name: "select-run-calls",
    text: `select place, target_id as "targetId", target_name as "targetName", begin_ms as "beginMs", duration_ms as "durationMs", status, effect, failure, detail,
             shadow_effect as "shadowEffect", is_same as "isSame"
           from interpose.run_calls where run_id = $1 order by place`,
    values: [runId],
  });
}

/** What was kept of a run's messages. */
export function selectRunMessages(db: Queryable, runId: bigint): Promise<readonly StoredRunMessages[]> {
  return db.query<StoredRunMessages>({
    name: "select-run-messages",
    text: "select place, content from interpose.run_messages where run_id = $1 order by place",
    values: [runId],
  });
}
