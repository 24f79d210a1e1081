import { desiredState } from "../../actions/document.ts";
import { applyActions, exportActions, planActions } from "../../commands/apply-actions.ts";
import type { ActionsRules } from "../../commands/carry-out.ts";
import type { KeyContext } from "../../commands/context.ts";
import type { ActionsBackend } from "./backend.ts";

/** Plans and applies in the store itself. Which methods and messages there are, only a server knows: conditions and paths are taken as they are. */
export function directActions(
  contextWithKeys: () => Promise<KeyContext>,
  functions: ActionsRules["functions"],
): ActionsBackend {
  const rules: ActionsRules = { functions };
  return {
    planActions: async (document, options) =>
      planActions(await contextWithKeys(), desiredState(document), options, rules),
    async applyActions(document, options, fingerprint) {
      await applyActions(await contextWithKeys(), desiredState(document), { ...options, fingerprint }, rules);
    },
    exportActions: async (ownedBy) => exportActions(await contextWithKeys(), ownedBy),
  };
}
