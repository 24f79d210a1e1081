import type { Target } from "@interpose/engine";
import type { Transaction } from "../database.ts";
import type { Details } from "../records.ts";
import { nameKey } from "./target-row.ts";

/** Inserts a target as of its first event, with the queue of its deliveries. */
export async function insertTarget(
  tx: Transaction,
  instanceId: string,
  target: Target,
  details: Details,
): Promise<void> {
  await tx.query({
    name: "insert-target",
    text: `with queue as (insert into interpose.queues (instance_id, target_id) values ($1, $2))
           insert into interpose.targets (instance_id, id, name, name_key, type, endpoint, timeout_ms, interrupt_on_error, dialect, delivery,
             reply_mode, payload_type, egress_allow, sequence, changed_at, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)`,
    values: [
      instanceId,
      target.id,
      target.name,
      nameKey(target.name),
      target.type,
      target.endpoint,
      target.timeoutMs,
      target.interruptOnError,
      target.dialect,
      JSON.stringify(target.delivery ?? {}),
      target.replyMode ?? null,
      target.payloadType ?? "json",
      target.egressAllow ?? [],
      details.sequence,
      details.changedAt,
    ],
  });
}
