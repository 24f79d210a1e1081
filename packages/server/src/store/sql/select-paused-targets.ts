import type { Queryable } from "../database.ts";
import type { QueueHoldRow } from "./queue-hold-row.ts";

/** A target whose deliveries are paused, and who paused them. */
export interface PausedTargetRow {
  readonly targetId: string;
  readonly pausedBy: QueueHoldRow["pausedBy"];
}

/** All targets whose deliveries are paused. */
export function selectPausedTargets(db: Queryable, instanceId: string): Promise<readonly PausedTargetRow[]> {
  return db.query<PausedTargetRow>({
    name: "select-paused-targets",
    text: `select target_id as "targetId", paused_by as "pausedBy" from interpose.queues
           where instance_id = $1 and paused_at is not null`,
    values: [instanceId],
  });
}
