import { InterposeError } from "@interpose/engine";
import type { Database } from "../store/database.ts";
import { ensureSealedCheck } from "../store/sql/ensure-sealed-check.ts";
import { selectSealedCheck } from "../store/sql/select-sealed-check.ts";
import { readMasterKeys, type MasterKeySettings } from "./master-keys.ts";
import { checkPlace } from "./places.ts";
import { createVault, SealError, sealedBy, type Vault } from "./vault.ts";

/** Sealed in the database by the first server, so that every other one finds out whether it has the same master key. */
const CHECK = Buffer.from("interpose");

/** Opens the vault of an instance. Throws `settings_invalid` where there is no master key, or not the one that the instance's secrets were sealed with. */
export async function openVault(database: Database, instanceId: string, settings: MasterKeySettings): Promise<Vault> {
  const stored = await selectSealedCheck(database, instanceId);
  const { keys, from } = await readMasterKeys(settings, { mayCreate: stored === undefined });
  const vault = createVault(keys);
  const place = checkPlace(instanceId);
  // Of servers that start together, one wins for all.
  const check = stored ?? (await ensureSealedCheck(database, instanceId, vault.seal(CHECK, place)));
  try {
    vault.open(check, place);
    return vault;
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new InterposeError(
      "settings_invalid",
      `The master key of ${from} (id ${vault.keyId}) is not the one that the secrets in the database were sealed with (id ${sealedBy(check)}). All servers on a database need the same one: copy it from a server that works, as INTERPOSE_SECRETS_MASTER_KEY or as the key file; during a rotation, give the former one too, as INTERPOSE_SECRETS_FORMER_KEYS.`,
      { cause: error },
    );
  }
}
