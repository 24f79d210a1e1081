import { InterposeError } from "@interpose/engine";
import { authorize } from "../access/authorize.ts";
import type { Caller } from "../access/caller.ts";
import type { Permission } from "../access/permissions.ts";
import type { Change } from "./changes.ts";
import type { ThingKind } from "./things.ts";

const TO_READ: Readonly<Record<ThingKind, readonly Permission[]>> = {
  target: ["execution.target.read"],
  // Lists of executions name targets.
  execution: ["execution.read", "execution.target.read"],
  function: ["function.read"],
  eventType: ["event.read"],
};

const TO_WRITE: Readonly<Record<ThingKind, Permission>> = {
  target: "execution.target.write",
  execution: "execution.write",
  function: "function.write",
  eventType: "event.write",
};

const TO_DELETE: Readonly<Record<ThingKind, Permission>> = {
  target: "execution.target.delete",
  execution: "execution.delete",
  function: "function.delete",
  eventType: "event.write",
};

/** Refuses a caller who may not see what things of these kinds are, as plans and exports tell it. */
export function authorizeReading(caller: Pick<Caller, "permissions">, kinds: Iterable<ThingKind>): void {
  for (const permission of new Set([...kinds].flatMap((kind) => TO_READ[kind])))
    authorize(caller, { kind: "permission", permission });
}

/** Refuses a caller who may not see whether deliveries to targets are paused. */
export function authorizePauses(caller: Pick<Caller, "permissions">): void {
  authorize(caller, { kind: "permission", permission: "delivery.read" });
}

/** Refuses a caller who may not make each of these changes by the call that is for it alone. What a change needs beyond that, its command asks for. */
export function authorizeChanges(
  { permissions }: Pick<Caller, "permissions">,
  changes: readonly Pick<Change, "action" | "kind" | "name" | "fields">[],
): void {
  for (const change of changes) {
    for (const permission of neededFor(change).filter((each) => !permissions.has(each))) {
      const what = `To ${change.action} the ${WORDS[change.kind]} "${change.name}"`;
      throw new InterposeError(
        "permission_denied",
        `${what} needs the permission "${permission}", which the caller does not have. Nothing was changed.`,
        { id: "AUTHZ-AWfge", key: "Errors.PermissionDenied", metadata: { permission } },
      );
    }
  }
}

/** What things are called in texts. */
export const WORDS: Readonly<Record<ThingKind, string>> = {
  target: "target",
  execution: "execution",
  function: "function",
  eventType: "event type",
};

function neededFor({ action, kind, fields }: Pick<Change, "action" | "kind" | "fields">): readonly Permission[] {
  if (action === "delete") return [TO_DELETE[kind]];
  const pauses = kind === "target" && fields.some(({ field }) => field === "paused");
  const isPauseAlone = pauses && action === "update" && fields.length === 1;
  return [...(isPauseAlone ? [] : [TO_WRITE[kind]]), ...(pauses ? (["delivery.write"] as const) : [])];
}
