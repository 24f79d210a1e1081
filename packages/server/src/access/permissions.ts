/** Every permission that there is. */
export const PERMISSIONS = [
  "execution.target.read",
  "execution.target.write",
  "execution.target.delete",
  "execution.read",
  "execution.write",
  "execution.delete",
  "execution.bypass",
  "execution.try",
  "target.egress.write",
  "target.outbound.write",
  "instance.settings.read",
  "instance.outbound.read",
  "instance.outbound.write",
  "action.target.read",
  "action.target.write",
  "action.target.delete",
  "action.target.signing_key.read",
  "action.execution.read",
  "action.execution.write",
  "event.read",
  "event.write",
  "event.publish",
  "function.read",
  "function.write",
  "function.delete",
  "function.invoke",
  "delivery.read",
  "delivery.write",
  "run.read",
  "token.read",
  "token.write",
  "token.delete",
] as const;

/** What a caller may do. */
export type Permission = (typeof PERMISSIONS)[number];

/** Fixed sets of permissions. */
export const ROLES = ["admin", "editor", "viewer", "none"] as const;

/** Name of a fixed set of permissions. */
export type Role = (typeof ROLES)[number];

/** Who edits executions can be locked out by one; the way past it stays with admins. So do keys that were told once, to whoever created a target. */
const OF_ADMINS_ALONE: readonly Permission[] = ["execution.bypass", "action.target.signing_key.read"];

const OF_ROLE: Readonly<Record<Role, ReadonlySet<string>>> = {
  admin: new Set(PERMISSIONS),
  editor: new Set(
    PERMISSIONS.filter(
      (permission) =>
        /^(execution|action|event|function|delivery|run)\./.test(permission) && !OF_ADMINS_ALONE.includes(permission),
    ),
  ),
  viewer: new Set([
    "execution.target.read",
    "execution.read",
    "action.target.read",
    "action.execution.read",
    "event.read",
    "function.read",
    "delivery.read",
    "run.read",
  ]),
  none: new Set(),
};

/** The permissions of a role. */
export function permissionsOfRole(role: Role): ReadonlySet<string> {
  return OF_ROLE[role];
}

/** The permissions of a role and single ones together. */
export function permissionsOf(role: Role | null, permissions: readonly string[]): ReadonlySet<string> {
  if (role !== null && permissions.length === 0) return OF_ROLE[role];
  return new Set([...(role === null ? [] : OF_ROLE[role]), ...permissions]);
}

/** Whether a text names a permission. */
export function isPermission(text: string): text is Permission {
  return (PERMISSIONS as readonly string[]).includes(text);
}
