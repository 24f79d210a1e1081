import type { Target } from "@interpose/engine";
import type { Transaction } from "../database.ts";
import type { Details } from "../records.ts";
import { nameKey } from "./target-row.ts";

/** Writes a target's fields as of its newest event. */
export async function updateTarget(
  tx: Transaction,
  instanceId: string,
  target: Target,
  details: Details,
): Promise<void> {
  await tx.query({
    name: "update-target",
    text: `update interpose.targets
           set name = $3, name_key = $4, type = $5, endpoint = $6, timeout_ms = $7, interrupt_on_error = $8, dialect = $9,
             delivery = $10, reply_mode = $11, payload_type = $12, egress_allow = $13, sequence = $14, changed_at = $15
           where instance_id = $1 and id = $2`,
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
