/** A column with sealed values. */
export interface SealedColumn {
  readonly table: string;
  readonly column: string;
  /** Columns of the primary key; the first is the instance's id. */
  readonly key: readonly string[];
  /** Whether the row is nothing without the value. */
  readonly isWhole: boolean;
}

/** Every column with sealed values. The last one tells whether a master key is the right one: it is sealed anew when all others are. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: "signing_keys", column: "sealed", key: ["instance_id", "target_id", "id"], isWhole: true },
  { table: "instance_keys", column: "sealed", key: ["instance_id", "id"], isWhole: true },
  { table: "targets", column: "sealed_outbound", key: ["instance_id", "id"], isWhole: false },
  { table: "instances", column: "sealed_outbound", key: ["id"], isWhole: false },
  { table: "instances", column: "sealed_check", key: ["id"], isWhole: false },
];
