import { InterposeError } from "@interpose/engine";
import type { Access } from "@interpose/protocol";
import { isPermission, PERMISSIONS } from "./permissions.ts";
import type { Caller } from "./caller.ts";

/** Refuses a caller who does not hold what a method asks for. */
export function authorize(caller: Pick<Caller, "permissions">, access: Access): void {
  if (access.kind === "authenticated" || caller.permissions.has(access.permission)) return;
  throw new InterposeError(
    "permission_denied",
    `This needs the permission "${access.permission}", which the caller does not have.`,
    {
      id: "AUTHZ-AWfge",
      key: "Errors.PermissionDenied",
      metadata: { permission: access.permission },
    },
  );
}

/** Refuses permissions that do not exist. */
export function assertGrantable(permissions: Iterable<string>): void {
  for (const permission of permissions) {
    if (isPermission(permission)) continue;
    const description = `There is no permission "${permission.slice(0, 100)}". There are: ${PERMISSIONS.join(", ")}.`;
    throw new InterposeError("bad_request", description, { violations: [{ field: "permissions", description }] });
  }
}

/** Refuses to hand on permissions that do not exist, or that the caller does not hold: a token must not make more of its maker. */
export function assertMayGrant(caller: Caller, permissions: ReadonlySet<string>): void {
  assertGrantable(permissions);
  for (const permission of permissions) {
    if (!caller.permissions.has(permission)) {
      const text = `The caller does not have the permission "${permission}", and so cannot give it away.`;
      throw new InterposeError("permission_denied", text, { metadata: { permission } });
    }
  }
}
