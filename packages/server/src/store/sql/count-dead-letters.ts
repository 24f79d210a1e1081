import type { Queryable } from "../database.ts";

/** Dead letters of one target. */
export interface DeadLetters {
  readonly targetId: string;
  readonly targetName: string | null;
  readonly count: number;
}

/** Counts dead letters by their target, up to `limit` of all together, and those of the most first. */
export function countDeadLetters(db: Queryable, instanceId: string, limit: number): Promise<readonly DeadLetters[]> {
  return db.query<DeadLetters>({
    text: `select d.target_id as "targetId", t.name as "targetName", count(*)::int as count
           from (select instance_id, target_id from interpose.deliveries where instance_id = $1 and state = 'dead' limit $2) d
             left join interpose.targets t on t.instance_id = d.instance_id and t.id = d.target_id
           group by d.target_id, t.name order by count desc, d.target_id`,
    values: [instanceId, limit],
  });
}
