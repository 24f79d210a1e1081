import { onlyRow, type Queryable } from "../database.ts";

/** Who renews a lease. */
export interface WorkerIdentity {
  readonly id: string;
  readonly instanceId: string;
  /** For people: host and process. */
  readonly name: string;
}

/** What there is to share, and among how many. */
export interface WorkerCounts {
  /** Workers with a lease, this one among them. */
  readonly workers: number;
  readonly queues: number;
  /** Queues of this worker. */
  readonly owned: number;
}

/** Renews a worker's lease, or begins it, and takes those off the list that were last heard of a day ago. */
export async function renewWorker(
  db: Queryable,
  { id, instanceId, name }: WorkerIdentity,
  leaseMs: number,
): Promise<WorkerCounts> {
  return onlyRow(
    await db.query<WorkerCounts>({
      name: "renew-worker",
      text: `with renewed as (
               insert into interpose.workers as w (id, instance_id, name, started_at, lease_until)
               values ($1, $2, $3, statement_timestamp(), statement_timestamp() + $4 * interval '1 ms')
               on conflict (id) do update set lease_until = excluded.lease_until
             ), forgotten as (
               delete from interpose.workers where instance_id = $2 and id <> $1 and lease_until < statement_timestamp() - interval '1 day'
             )
             select 1 + (select count(*)::int from interpose.workers where instance_id = $2 and id <> $1 and lease_until > statement_timestamp()) as workers,
               count(*)::int as queues, count(*) filter (where owner = $1)::int as owned
             from interpose.queues where instance_id = $2`,
      values: [id, instanceId, name, leaseMs],
    }),
  );
}
