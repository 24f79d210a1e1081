import type { DeliverySettings, Dialect, PayloadType, ReplyMode, TargetType } from "@interpose/engine";
import type { StoredTarget } from "../records.ts";

/** The columns of a target, in the order and under the names of `TargetRow`. */
export const TARGET_COLUMNS = `id, name, type, endpoint, timeout_ms as "timeoutMs", interrupt_on_error as "interruptOnError", dialect, reply_mode as "replyMode", delivery,
  payload_type as "payloadType", egress_allow as "egressAllow", sequence, changed_at as "changedAt", created_at as "createdAt"`;

/** A row of `targets`. */
export interface TargetRow {
  readonly id: string;
  readonly name: string;
  readonly type: TargetType;
  readonly endpoint: string;
  readonly timeoutMs: number;
  readonly interruptOnError: boolean;
  readonly dialect: Dialect;
  readonly replyMode: ReplyMode | null;
  readonly delivery: Partial<DeliverySettings>;
  readonly egressAllow: readonly string[];
  readonly payloadType: PayloadType;
  readonly sequence: bigint;
  readonly changedAt: Date;
  readonly createdAt: Date;
}

/** A row as the program knows it. */
export function targetFromRow(
  { sequence, changedAt, delivery, replyMode, egressAllow, payloadType, ...target }: TargetRow,
  instanceId: string,
): StoredTarget {
  const hasOwn = Object.keys(delivery).length > 0;
  return {
    ...target,
    ...(replyMode !== null && { replyMode }),
    ...(hasOwn && { delivery }),
    ...(egressAllow.length > 0 && { egressAllow }),
    ...(payloadType !== "json" && { payloadType }),
    details: { sequence, changedAt, resourceOwner: instanceId },
  };
}

/**
 * A name without its case. Made here rather than in SQL, whose `lower` depends on the database's locale. Greek writes one letter in two ways, and which
 * of them `toLowerCase` chooses depends on what follows; so they count as one, or the key of a name's beginning would not begin its key.
 */
export function nameKey(name: string): string {
  return name.toLowerCase().replaceAll("ς", "σ");
}
