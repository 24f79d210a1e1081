import { readAllowEntry } from "@interpose/caller";
import { InterposeError } from "@interpose/engine";
import type { Permission } from "../access/permissions.ts";
import type { CommandContext } from "./context.ts";

const NEEDED: Permission = "target.egress.write";

/** A target's own egress list in one spelling, without repetitions. Throws `target_invalid` for an entry that is neither a network nor a host. */
export function checkedEgressList(given: readonly string[]): readonly string[] {
  const texts = given.map((entry, i) => {
    const { text, fault } = readAllowEntry(entry);
    if (fault === undefined) return text;
    const field = `settings.egress_allow[${i}]`;
    throw new InterposeError("target_invalid", `${field}: ${fault}`, { violations: [{ field, description: fault }] });
  });
  return [...new Set(texts)];
}

/**
 * Refuses what is left to those who may say where targets can be called: `what` is one of these changes. Whoever may edit targets must not lead calls into
 * networks that are open to a target for another purpose.
 */
export function authorizeEgress({ permissions }: CommandContext, what: string): void {
  if (permissions.has(NEEDED)) return;
  throw new InterposeError(
    "permission_denied",
    `${what} needs the permission "${NEEDED}", which the caller does not have.`,
    { id: "AUTHZ-AWfge", key: "Errors.PermissionDenied", metadata: { permission: NEEDED } },
  );
}
