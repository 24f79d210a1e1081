import { Role } from "@interpose/protocol/gen/interpose/v1/token_service_pb";

/** Roles, with what they may do. */
export const ROLES = [
  { value: Role.VIEWER, label: "Viewer", hint: "Reads everything but tokens and secrets." },
  {
    value: Role.EDITOR,
    label: "Editor",
    hint: "Reads and writes targets, executions, events, deliveries and functions, publishes and invokes.",
  },
  { value: Role.ADMIN, label: "Admin", hint: "May do everything, tokens included." },
  {
    value: Role.NONE,
    label: "None",
    hint: "Proves who calls, and may do nothing beyond the permissions below.",
  },
] as const;

/** A role in a word. */
export function roleLabel(role: Role): string {
  return ROLES.find(({ value }) => value === role)?.label ?? "no role";
}
