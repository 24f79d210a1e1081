import type { Transaction } from "../database.ts";
import type { SealedValue } from "./lock-sealed.ts";
import type { SealedColumn } from "./sealed-columns.ts";

/** Puts another sealed value in the place of one. */
export async function updateSealed(
  tx: Transaction,
  { table, column, key }: SealedColumn,
  value: SealedValue,
): Promise<void> {
  await tx.query({
    text: `update interpose.${table} set ${column} = $1 where ${key.map((name, i) => `${name} = $${i + 2}`).join(" and ")}`,
    values: [value.sealed, ...value.key],
  });
}
