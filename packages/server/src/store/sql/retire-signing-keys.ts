import { onlyRow, type Transaction } from "../database.ts";
import type { SigningAlgorithm } from "./signing-key-row.ts";

/**
 * Lets a target's signing keys of one algorithm sign for `graceMs` more, or not at all where that is 0. Those whose time is over are deleted, whatever their algorithm.
 * Answers how many are left of that algorithm.
 */
export async function retireSigningKeys(
  tx: Transaction,
  instanceId: string,
  targetId: string,
  { algorithm, graceMs, at }: { readonly algorithm: SigningAlgorithm; readonly graceMs: number; readonly at: Date },
): Promise<number> {
  const rows = await tx.query<{ left: number }>({
    name: "retire-signing-keys",
    text: `with over as (
             delete from interpose.signing_keys
             where instance_id = $1 and target_id = $2 and (expires_at <= $4::timestamptz or (algorithm = $3 and $5::timestamptz <= $4))
           ), retired as (
             update interpose.signing_keys set expires_at = least(expires_at, $5)
             where instance_id = $1 and target_id = $2 and algorithm = $3 and (expires_at is null or expires_at > $4) and $5 > $4
             returning id
           )
           select count(*)::int as left from retired`,
    values: [instanceId, targetId, algorithm, at, new Date(at.getTime() + graceMs)],
  });
  return onlyRow(rows).left;
}
