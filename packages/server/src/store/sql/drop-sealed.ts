import type { Transaction } from "../database.ts";
import type { SealedValue } from "./lock-sealed.ts";
import type { SealedColumn } from "./sealed-columns.ts";

/** Forgets a sealed value, with its row where that is nothing without it. */
export async function dropSealed(
  tx: Transaction,
  { table, column, key, isWhole }: SealedColumn,
  values: SealedValue["key"],
): Promise<void> {
  const where = key.map((name, i) => `${name} = $${i + 1}`).join(" and ");
  await tx.query({
    text: isWhole
      ? `delete from interpose.${table} where ${where}`
      : `update interpose.${table} set ${column} = null where ${where}`,
    values,
  });
}
