import type { Transaction } from "../database.ts";
import type { SealedColumn } from "./sealed-columns.ts";

/** A sealed value, and the key of its row. */
export interface SealedValue {
  readonly key: readonly string[];
  readonly sealed: Uint8Array;
}

/** Which sealed values of a column are wanted. */
export interface SealedSearch {
  /** Id of the master key that they are not sealed with, in hex. */
  readonly notBy: string;
  /** Key of the last one that was seen. Undefined: from the first one on. */
  readonly after: SealedValue["key"] | undefined;
  readonly limit: number;
}

/** Locks some rows whose value of a column is sealed with another master key, in the order of their keys. */
export function lockSealed(
  tx: Transaction,
  { table, column, key }: SealedColumn,
  { notBy, after, limit }: SealedSearch,
): Promise<readonly SealedValue[]> {
  const from = after ?? key.map(() => "");
  return tx.query<SealedValue>({
    text: `select array[${key.join(", ")}] as key, ${column} as sealed from interpose.${table}
           where substring(${column} from 2 for 8) <> $1 and (${key.join(", ")}) > (${key.map((_, i) => `$${i + 3}`).join(", ")})
           order by ${key.join(", ")} limit $2 for update`,
    values: [Buffer.from(notBy, "hex"), limit, ...from],
  });
}
