import type { Database } from "../store/database.ts";
import { insertSigningKeys } from "../store/sql/insert-signing-keys.ts";
import { lockInstance } from "../store/sql/lock-instance.ts";
import { selectUnkeyedTargets } from "../store/sql/select-unkeyed-targets.ts";
import { createSigningKey } from "./signing-keys.ts";
import type { Vault } from "./vault.ts";

/** Targets of a transaction. */
const BATCH = 100;

/** Whom to give keys, and by what. */
export interface GiveMissingKeysParts {
  readonly database: Database;
  readonly instanceId: string;
  readonly vault: Vault;
  readonly newId: () => string;
}

/**
 * Gives an HMAC key to each target that has none, as those that were made before there were any: so that every call is signed. For the start, before the router loads:
 * no event tells of it. Answers how many were given.
 */
export async function giveMissingKeys({ database, instanceId, vault, newId }: GiveMissingKeysParts): Promise<number> {
  for (let given = 0; ;) {
    const count = await database.transaction(async (tx) => {
      // Servers that start together follow each other, and the second finds nothing left.
      await lockInstance(tx, instanceId);
      const targetIds = await selectUnkeyedTargets(tx, instanceId, BATCH);
      const keys = targetIds.map((targetId) => {
        const id = newId();
        const { sealed, publicKey } = createSigningKey(vault, "hmac", { instanceId, targetId, id });
        return { targetId, id, algorithm: "hmac" as const, sealed, publicKey };
      });
      if (keys.length > 0) await insertSigningKeys(tx, instanceId, keys, new Date());
      return keys.length;
    });
    given += count;
    if (count < BATCH) return given;
  }
}
