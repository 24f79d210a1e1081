import type { Call } from "../call.ts";
import { signingKeyPlace } from "../keys/places.ts";
import { SealError } from "../keys/vault.ts";
import { selectSigningSecrets } from "../store/sql/select-signing-secrets.ts";
import type { ApiContext } from "./context.ts";

/** Lets a caller read the signing keys of targets. */
const READ_SIGNING_KEYS = "action.target.signing_key.read";

/**
 * The texts of the current HMAC keys of targets, by the targets' ids, for answers that show them, in one query. Empty for a caller without the permission for it; a key
 * that cannot be opened is left out.
 */
export async function readableSigningKeys(
  { database, vault }: Pick<ApiContext, "database" | "vault">,
  { caller, instanceId }: Pick<Call, "caller" | "instanceId">,
  targetIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (targetIds.length === 0 || !caller.permissions.has(READ_SIGNING_KEYS)) return new Map();
  const texts = new Map<string, string>();
  for (const { targetId, id, sealed } of await selectSigningSecrets(database, instanceId, targetIds)) {
    try {
      texts.set(targetId, vault.open(sealed, signingKeyPlace(instanceId, targetId, id)).toString());
    } catch (error) {
      // The log tells of it when the router loads the key.
      if (!(error instanceof SealError)) throw error;
    }
  }
  return texts;
}
