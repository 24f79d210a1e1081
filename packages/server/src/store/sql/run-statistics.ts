import type { Queryable } from "../database.ts";

/** What is counted: what began from a time on, in parts of a length. Times are as ids have them: milliseconds since the first that can be. */
export interface RunsToCount {
  readonly targetId: string | undefined;
  readonly fromId: bigint;
  readonly fromMs: number;
  readonly bucketMs: number;
}

/** Runs of one part of time. */
export interface RunBucket {
  readonly bucket: number;
  readonly runs: bigint;
  readonly refused: bigint;
}

/** Calls of one part of time, or of one target. */
export interface CallCount {
  readonly calls: bigint;
  readonly failed: bigint;
  /** Times that half of them, and 95 of 100, kept within. Null: none of them has ended. */
  readonly times: readonly [number, number] | null;
}

/** Most runs, and most calls, that are read to count them: the newest. */
export const MOST_COUNTED = 200_000;
/** Most targets that are told of. */
const MOST_TARGETS = 1_000;

const BUCKET_OF = (id: string): string => `floor(((${id} >> 22)::float8 - $3) / $4)::int`;
const CALLED = `called as materialized (
  select run_id, target_id, duration_ms, failure from interpose.run_calls
  where instance_id = $1 and run_id >= $2 and ($5::text is null or target_id = $5) and effect <> 'shadow'
  order by run_id desc limit $6
)`;
const COUNTED = `count(*) as calls, count(failure) as failed,
  percentile_cont(array[0.5, 0.95]) within group (order by duration_ms) filter (where duration_ms is not null) as times`;

function values(instanceId: string, { fromId, fromMs, bucketMs, targetId }: RunsToCount): readonly unknown[] {
  return [instanceId, fromId, fromMs, bucketMs, targetId ?? null, MOST_COUNTED];
}

/** Runs by the parts of time in which they began. */
export function countRuns(db: Queryable, instanceId: string, asked: RunsToCount): Promise<readonly RunBucket[]> {
  return db.query<RunBucket>({
    text: `with counted as (
             select id, outcome from interpose.runs
             where instance_id = $1 and id >= $2
               and ($5::text is null or id in (select run_id from interpose.run_calls where instance_id = $1 and target_id = $5 and run_id >= $2))
             order by id desc limit $6
           )
           select ${BUCKET_OF("id")} as bucket, count(*) as runs, count(*) filter (where outcome = 'refused') as refused from counted group by 1`,
    values: values(instanceId, asked),
  });
}

/** Calls by the parts of time in which their runs began. */
export function countCalls(
  db: Queryable,
  instanceId: string,
  asked: RunsToCount,
): Promise<readonly (CallCount & { readonly bucket: number })[]> {
  return db.query({
    text: `with ${CALLED} select ${BUCKET_OF("run_id")} as bucket, ${COUNTED} from called group by 1`,
    values: values(instanceId, asked),
  });
}

/** Calls by their targets, those with the most failures first. */
export function countCallsOfTargets(
  db: Queryable,
  instanceId: string,
  asked: RunsToCount,
): Promise<readonly (CallCount & { readonly targetId: string; readonly lastFailure: string | null })[]> {
  return db.query({
    text: `with ${CALLED}
           select target_id as "targetId", ${COUNTED}, (array_agg(failure order by run_id desc) filter (where failure is not null))[1] as "lastFailure"
           from called where $3::float8 is not null and $4::float8 is not null
           group by target_id order by failed desc, calls desc, target_id limit ${MOST_TARGETS}`,
    values: values(instanceId, asked),
  });
}
