import { onlyRow, type Queryable } from "../database.ts";
import { PUBLIC_KEY_COLUMNS, type StoredPublicKey } from "./public-key-row.ts";
import { LARGEST_OFFSET } from "./search-executions.ts";

/** What a public key must fulfil. */
export type PublicKeyFilter =
  | { readonly kind: "ids"; readonly ids: readonly string[] }
  | { readonly kind: "active"; readonly active: boolean }
  /** Keys that never expire fulfil none of these. */
  | { readonly kind: "expiration"; readonly compares: keyof typeof COMPARISONS; readonly to: Date };

/** What public keys are sorted by. */
export type PublicKeySortColumn = keyof typeof ORDERS;

/** A search for public keys of one target. */
export interface PublicKeySearch {
  /** All of them must hold. */
  readonly filters: readonly PublicKeyFilter[];
  readonly sortBy: PublicKeySortColumn;
  readonly ascending: boolean;
  readonly offset: bigint;
  /** 0 stands for no limit. */
  readonly limit: number;
}

const COMPARISONS = { equals: "=", after: ">", afterOrEquals: ">=", before: "<", beforeOrEquals: "<=" } as const;

const ORDERS = {
  id: [],
  creationDate: ["created_at"],
  changeDate: ["changed_at"],
  expirationDate: ["expires_at"],
} as const;

/** Ids are numbers as text: the shorter is the smaller. They come last in each order, so that no order is left to chance. */
const ID_ORDER = ["length(id)", `id collate "C"`] as const;

/** Finds public keys of a target, and counts all that match, whatever part of them is asked for. */
export async function searchPublicKeys(
  db: Queryable,
  instanceId: string,
  targetId: string,
  { filters, sortBy, ascending, offset, limit }: PublicKeySearch,
): Promise<{ readonly total: number; readonly keys: readonly StoredPublicKey[] }> {
  const values: unknown[] = [instanceId, targetId];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const conditions = filters.map((filter) => conditionOf(filter, parameter));
  const where = ["instance_id = $1", "target_id = $2", ...conditions].join(" and ");
  const { total } = onlyRow(
    await db.query<{ total: number }>({
      text: `select count(*)::int as total from interpose.public_keys where ${where}`,
      values,
    }),
  );
  const direction = ascending ? "asc" : "desc";
  const order = [...ORDERS[sortBy], ...ID_ORDER].map((column) => `${column} ${direction}`).join(", ");
  const from = parameter(offset > LARGEST_OFFSET ? LARGEST_OFFSET : offset);
  const most = parameter(limit === 0 ? null : limit);
  const keys = await db.query<StoredPublicKey>({
    text: `select ${PUBLIC_KEY_COLUMNS} from interpose.public_keys where ${where} order by ${order} offset ${from}::bigint limit ${most}::bigint`,
    values,
  });
  return { total, keys };
}

function conditionOf(filter: PublicKeyFilter, parameter: (value: unknown) => string): string {
  switch (filter.kind) {
    case "ids":
      return `id = any (${parameter(filter.ids)}::text[])`;
    case "active":
      return `active = ${parameter(filter.active)}`;
    case "expiration":
      return `expires_at ${COMPARISONS[filter.compares]} ${parameter(filter.to)}`;
  }
}
