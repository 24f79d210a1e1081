import type { Database, Transaction } from "../store/database.ts";
import { dropSealed } from "../store/sql/drop-sealed.ts";
import { lockSealed, type SealedValue } from "../store/sql/lock-sealed.ts";
import { SEALED_COLUMNS, type SealedColumn } from "../store/sql/sealed-columns.ts";
import { updateSealed } from "../store/sql/update-sealed.ts";
import { SealError, sealedBy, type SealPlace, type Vault } from "./vault.ts";

/** How secrets are sealed anew. */
export interface ResealOptions {
  /** Forgets what cannot be opened. Default: false. */
  readonly dropsUnreadable?: boolean;
  /** Values of a transaction. Default: 100. */
  readonly batch?: number;
}

/** What became of the sealed values. */
export interface Resealed {
  /** How many were sealed anew. */
  readonly resealed: number;
  /** How many could not be opened. */
  readonly unreadable: number;
  /** Ids of the master keys that those were sealed with. */
  readonly unreadableBy: readonly string[];
}

/**
 * Seals all that is sealed in a database anew with the current master key, in small transactions. What has that key already is left alone, so it can be
 * broken off and begun again at any time, while servers work that have both keys. The value that servers are checked by comes last, and keeps its
 * former key as long as something cannot be opened.
 */
export async function resealAll(
  database: Database,
  vault: Vault,
  { dropsUnreadable = false, batch = 100 }: ResealOptions = {},
): Promise<Resealed> {
  let resealed = 0;
  const unreadable: Uint8Array[] = [];

  /** Seals one value anew. False: it cannot be opened. */
  async function reseal(tx: Transaction, column: SealedColumn, { key, sealed }: SealedValue): Promise<boolean> {
    const place = placeOf(column, key);
    const opened = openOrNot(vault, sealed, place);
    if (opened) await updateSealed(tx, column, { key, sealed: vault.seal(opened, place) });
    else if (dropsUnreadable) await dropSealed(tx, column, key);
    return opened !== undefined;
  }

  for (const [i, column] of SEALED_COLUMNS.entries()) {
    const isCheck = i === SEALED_COLUMNS.length - 1;
    if (isCheck && unreadable.length > 0 && !dropsUnreadable) break;
    let after: SealedValue["key"] | undefined;
    do {
      const found = await database.transaction(async (tx) => {
        const values = await lockSealed(tx, column, { notBy: vault.keyId, after, limit: batch });
        const outcomes: { readonly value: SealedValue; readonly isOpen: boolean }[] = [];
        for (const value of values) outcomes.push({ value, isOpen: await reseal(tx, column, value) });
        return outcomes;
      });
      for (const { value, isOpen } of found) {
        if (isOpen) resealed++;
        else unreadable.push(value.sealed);
      }
      after = found.at(-1)?.value.key;
    } while (after);
  }
  return { resealed, unreadable: unreadable.length, unreadableBy: [...new Set(unreadable.map(sealedBy))] };
}

function openOrNot(vault: Vault, sealed: Uint8Array, place: SealPlace): Buffer | undefined {
  try {
    return vault.open(sealed, place);
  } catch (error) {
    if (error instanceof SealError) return undefined;
    throw error;
  }
}

/** Where a value is kept, as `places.ts` has it for each column. */
function placeOf({ table, column }: SealedColumn, [instanceId = "", ...ids]: readonly string[]): SealPlace {
  return { column: `${table}.${column}`, instanceId, ids };
}
