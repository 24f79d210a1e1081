import type { Queryable } from "../database.ts";
import type { SealedInstanceKey } from "./instance-key-row.ts";
import { INSTANCE_KEY_COLUMNS } from "./instance-key-row.ts";
import { selectInstanceOutbound } from "./select-instance-outbound.ts";
import { SIGNING_KEY_COLUMNS, type SealedSigningKey } from "./signing-key-row.ts";

/** A target's active public key. */
export interface ActivePublicKey {
  readonly targetId: string;
  readonly id: string;
  readonly pem: string;
  readonly expiresAt: Date | null;
}

/** What a target is sent beside its payload, sealed, and where to. */
export interface SealedOutbound {
  readonly targetId: string;
  readonly endpoint: string;
  /** Null: nothing of its own. */
  readonly sealed: Uint8Array | null;
}

/** Keys that the process needs to call targets, and what else is secret of calls. */
export interface LoadedKeys {
  /** Targets that all keys were loaded of. Undefined: all that there are. */
  readonly targetIds: readonly string[] | undefined;
  /** Newest first, within a target. */
  readonly signingKeys: readonly SealedSigningKey[];
  readonly publicKeys: readonly ActivePublicKey[];
  /** One for each target. */
  readonly outbound: readonly SealedOutbound[];
  /** All of them, oldest first. */
  readonly instanceKeys: readonly SealedInstanceKey[];
  /** What the instance sends targets. Null: nothing. */
  readonly instanceOutbound: Uint8Array | null;
}

/** Loads the keys of some targets, or of all, and those of the instance, as `db` sees them. */
export async function loadKeys(db: Queryable, instanceId: string, targetIds?: readonly string[]): Promise<LoadedKeys> {
  const instanceKeys = await db.query<SealedInstanceKey>({
    name: "load-instance-keys",
    text: `select ${INSTANCE_KEY_COLUMNS}, sealed from interpose.instance_keys where instance_id = $1 order by created_at, id`,
    values: [instanceId],
  });
  const instanceOutbound = await selectInstanceOutbound(db, instanceId);
  const ofInstance = { instanceKeys, instanceOutbound };
  if (targetIds?.length === 0) return { targetIds, signingKeys: [], publicKeys: [], outbound: [], ...ofInstance };
  const signingKeys = await db.query<SealedSigningKey>({
    text: `select target_id as "targetId", ${SIGNING_KEY_COLUMNS}, sealed from interpose.signing_keys
           where instance_id = $1 and ($2::text[] is null or target_id = any ($2))
           order by created_at desc, length(id) desc, id desc`,
    values: [instanceId, targetIds ?? null],
  });
  const publicKeys = await db.query<ActivePublicKey>({
    text: `select target_id as "targetId", id, pem, expires_at as "expiresAt" from interpose.public_keys
           where instance_id = $1 and active and ($2::text[] is null or target_id = any ($2))`,
    values: [instanceId, targetIds ?? null],
  });
  const outbound = await db.query<SealedOutbound>({
    text: `select id as "targetId", endpoint, sealed_outbound as sealed from interpose.targets
           where instance_id = $1 and ($2::text[] is null or id = any ($2))`,
    values: [instanceId, targetIds ?? null],
  });
  return { targetIds, signingKeys, publicKeys, outbound, ...ofInstance };
}
