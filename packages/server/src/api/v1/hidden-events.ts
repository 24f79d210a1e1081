import type { Caller } from "../../access/caller.ts";
import type { Permission } from "../../access/permissions.ts";
import type { OwnAggregateType } from "../../events/own-events.ts";

/** What one must be allowed to read besides events, to read those of an aggregate of Interpose's own. */
const NEEDED: readonly { readonly type: OwnAggregateType; readonly permission: Permission }[] = [
  { type: "target", permission: "execution.target.read" },
  { type: "execution", permission: "execution.read" },
  { type: "token", permission: "token.read" },
  { type: "function", permission: "function.read" },
  { type: "instance_outbound", permission: "instance.outbound.read" },
];

/** Types of aggregates whose events a caller may not read. */
export function hiddenFrom({ permissions }: Caller): readonly string[] {
  return NEEDED.filter(({ permission }) => !permissions.has(permission)).map(({ type }) => type);
}
