import { readMasterKeys } from "../../keys/master-keys.ts";
import { checkPlace } from "../../keys/places.ts";
import { createVault, sealedBy, SealError } from "../../keys/vault.ts";
import { selectExpiringPublicKeys } from "../../store/sql/select-expiring-public-keys.ts";
import { selectNewestInstanceKey } from "../../store/sql/select-newest-instance-key.ts";
import { selectSealedCheck } from "../../store/sql/select-sealed-check.ts";
import type { Check } from "./check.ts";
import { atMost, ok, problem, skipped, warning } from "./finding.ts";
import { reasonOf, spanOf } from "./words.ts";

const DAY_MS = 86_400_000;
/** A server looks every hour whether a key is old. One that is older by a day was not looked at. */
const ROTATION_SLACK_MS = DAY_MS;
/** A target's public key that expires within this time. */
const SOON_MS = 14 * DAY_MS;
const MOST_KEYS = 1_000;

/** Whether there is a master key, and who can read it. */
export const masterKey: Check = {
  name: "master key",
  needs: "settings",
  run: async ({ settings }) => {
    const named = settings.secrets.masterKey ?? settings.secrets.masterKeyFile;
    try {
      const { keys, from } = await readMasterKeys(settings, { mayCreate: false });
      return [ok(`The master key of ${from} can be used (id ${createVault(keys).keyId}).`)];
    } catch (error) {
      const text = reasonOf(error);
      // Whether the database has secrets that it would be needed for, the next check says.
      if (named === undefined && text.startsWith("There is no key file"))
        return [skipped("There is no key file in the data directory: the first start makes it.")];
      return [problem(`${text}.`)];
    }
  },
};

/** Whether the master key opens what is in the database. */
export const vault: Check = {
  name: "vault",
  needs: "store",
  run: async ({ settings, instanceId, read }) => {
    const check = await read((tx) => selectSealedCheck(tx, instanceId));
    if (!check) return [ok("Nothing was sealed yet.")];
    try {
      const { keys } = await readMasterKeys(settings, { mayCreate: false });
      createVault(keys).open(check, checkPlace(instanceId));
      return [ok("The master key opens the secrets in the database.")];
    } catch (error) {
      const mend =
        "All servers on a database need the same master key: copy it from a server that works, or put the key file back (docs/keys.md).";
      const what =
        error instanceof SealError ? `they were sealed with the master key ${sealedBy(check)}` : reasonOf(error);
      return [problem(`The secrets in the database cannot be opened: ${what}.`, mend)];
    }
  },
};

/** How old the key is that the instance signs with. */
export const instanceKeys: Check = {
  name: "instance keys",
  needs: "store",
  run: async ({ settings, instanceId, read }) => {
    const newest = await read((tx) => selectNewestInstanceKey(tx, instanceId));
    if (!newest) return [ok("The instance has no key: no target needs one.")];
    const ageMs = Math.max(0, Date.now() - newest.createdAt.getTime());
    const days = settings.keys.rotateAfterDays;
    const text = `The key ${newest.id} that signs payloads is ${spanOf(ageMs)} old`;
    if (days === 0) return [ok(`${text}, and is never replaced by itself (keys.rotateAfterDays is 0).`)];
    if (ageMs > days * DAY_MS + ROTATION_SLACK_MS)
      return [
        warning(
          `${text}, though it should be replaced after ${days} days.`,
          "Start a server, which replaces it, and see its log for keys.rotation_failed.",
        ),
      ];
    return [ok(`${text}, and is replaced after ${days} days.`)];
  },
};

/** Public keys of targets that payloads are encrypted for, and that expire. */
export const targetKeys: Check = {
  name: "target keys",
  needs: "store",
  run: async ({ instanceId, read }) => {
    const now = Date.now();
    const before = new Date(now + SOON_MS);
    const found = await read((tx) => selectExpiringPublicKeys(tx, instanceId, before, MOST_KEYS));
    if (found.length === 0) return [ok("No public key of a target expires soon.")];
    const findings = found.map(({ id, targetId, targetName, expiresAt }) => {
      const what = `The public key ${id} of target "${targetName}" (${targetId})`;
      const mend = "Add a new one, and activate it (docs/keys.md).";
      const leftMs = expiresAt.getTime() - now;
      if (leftMs <= 0) return problem(`${what} has expired: calls to it fail.`, mend);
      return warning(`${what} expires in ${spanOf(leftMs)}.`, mend);
    });
    return atMost(findings, "warning");
  },
};
