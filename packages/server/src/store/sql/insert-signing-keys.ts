import type { Transaction } from "../database.ts";
import type { SigningAlgorithm } from "./signing-key-row.ts";

/** A signing key to insert. */
export interface SigningKeyToInsert {
  readonly targetId: string;
  readonly id: string;
  readonly algorithm: SigningAlgorithm;
  readonly sealed: Uint8Array;
  readonly publicKey: Uint8Array | null;
}

/** Inserts signing keys, each of which is its target's current one of its algorithm. */
export async function insertSigningKeys(
  tx: Transaction,
  instanceId: string,
  keys: readonly SigningKeyToInsert[],
  createdAt: Date,
): Promise<void> {
  await tx.query({
    name: "insert-signing-keys",
    text: `insert into interpose.signing_keys (instance_id, target_id, id, algorithm, sealed, public_key, created_at)
           select $1, t.*, $7 from unnest($2::text[], $3::text[], $4::text[], $5::bytea[], $6::bytea[]) as t`,
    values: [
      instanceId,
      keys.map(({ targetId }) => targetId),
      keys.map(({ id }) => id),
      keys.map(({ algorithm }) => algorithm),
      keys.map(({ sealed }) => sealed),
      keys.map(({ publicKey }) => publicKey),
      createdAt,
    ],
  });
}
