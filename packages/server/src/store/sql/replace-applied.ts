import type { Transaction } from "../database.ts";
import type { AppliedRow } from "./select-applied.ts";

/** Writes what a document owns, in place of what it owned before. What another one owned among it is that one's no longer. */
export async function replaceApplied(
  tx: Transaction,
  instanceId: string,
  document: string,
  rows: readonly Omit<AppliedRow, "document">[],
): Promise<void> {
  await tx.query({
    name: "delete-applied",
    text: "delete from interpose.applied where instance_id = $1 and document = $2",
    values: [instanceId, document],
  });
  await tx.query({
    name: "insert-applied",
    text: `insert into interpose.applied (instance_id, document, kind, id, made_at, fields)
           select $1, $2, kind, id, made_at, fields
           from unnest($3::text[], $4::text[], $5::timestamptz[], $6::jsonb[]) as t (kind, id, made_at, fields)
           on conflict (instance_id, kind, id) do update
             set document = excluded.document, made_at = excluded.made_at, fields = excluded.fields`,
    values: [
      instanceId,
      document,
      rows.map(({ kind }) => kind),
      rows.map(({ id }) => id),
      rows.map(({ madeAt }) => madeAt),
      rows.map(({ fields }) => JSON.stringify(fields)),
    ],
  });
}
