import { Option, type Command } from "commander";
import { InterposeError } from "@interpose/engine";
import { PERMISSIONS, permissionsOfRole, ROLES, type Role } from "../access/permissions.ts";
import type { ListedToken } from "./backend.ts";
import { parseDuration } from "./duration.ts";
import { printable, table } from "./output.ts";
import type { CommandTools } from "./command-tools.ts";

interface CreateOptions {
  readonly name: string;
  readonly role?: Role;
  readonly permission?: readonly string[];
  readonly expires?: string;
}

/** Adds `tokens create|list|get|permissions|revoke`. */
export function addTokens(tokens: Command, toolsOf: (command: Command) => CommandTools): void {
  tokens.description("manage the bearer tokens that callers prove themselves with");

  tokens
    .command("create")
    .description("create a token; it is shown this once")
    .requiredOption("--name <name>", "what the token is for")
    .addOption(new Option("--role <role>", "fixed set of permissions").choices(ROLES))
    .option("--permission <permission...>", "single permissions, on top of the role's")
    .option("--expires <duration>", "how long it is valid, such as 30d; default: until it is revoked")
    .addHelpText(
      "after",
      `\nPermissions: ${PERMISSIONS.join(", ")}\n\nExamples:\n  interpose tokens create --name deploy --role editor --expires 30d\n  interpose tokens create --name rescue --role admin --direct`,
    )
    .action(async ({ name, role, permission, expires }: CreateOptions, command: Command) => {
      const { output, withBackend } = toolsOf(command);
      const expiresAt = expires === undefined ? null : new Date(Date.now() + parseDuration(expires, "--expires"));
      const created = await withBackend(
        (backend) => backend.createToken({ name, role: role ?? null, permissions: permission ?? [], expiresAt }),
        { makesStore: true },
      );
      output.answer({ ...created, ...(expiresAt && { expires: expiresAt.toISOString() }) }, () => {
        const until = expiresAt ? `, valid until ${expiresAt.toISOString()}` : "";
        return `Created token ${created.id}${until}. It is shown this once:\n${created.token}`;
      });
    });

  tokens
    .command("list")
    .description("list tokens, newest first")
    .option("--all", "also those that are revoked or expired")
    .action(async ({ all = false }: { readonly all?: boolean }, command: Command) => {
      const { output, withBackend } = toolsOf(command);
      const found = await withBackend((backend) => backend.listTokens(all));
      const listed = found.map(tokenDocument);
      const rows = listed.map(({ id, name, role, permissions, expires, revoked }) => [
        id,
        name,
        role ?? "",
        permissions.join(", "),
        revoked ? `revoked ${revoked}` : expires ? `until ${expires}` : "",
      ]);
      output.answer({ tokens: listed }, () =>
        table(["ID", "NAME", "ROLE", "PERMISSIONS", "VALIDITY"], rows, "There are no tokens."),
      );
    });

  tokens
    .command("get <id>")
    .description("show one token, also one that is revoked or expired")
    .addHelpText("after", "\nExample:\n  interpose tokens get 388913050531135488")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { output, withBackend } = toolsOf(command);
      const found = (await withBackend((backend) => backend.listTokens(true))).find((token) => token.id === id);
      if (!found)
        throw new InterposeError(
          "token_not_found",
          `There is no token "${id}". List them with --all to see their ids.`,
        );
      output.answer(tokenDocument(found), () =>
        Object.entries(tokenDocument(found))
          .flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${printable([value].flat().join(", "))}`]))
          .join("\n"),
      );
    });

  tokens
    .command("permissions")
    .description("list the permissions that there are, and the roles that have them; asks nobody")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  interpose tokens permissions")
    .action((_options: unknown, command: Command) => {
      const { output } = toolsOf(command);
      const listed = PERMISSIONS.map((permission) => ({
        permission,
        roles: ROLES.filter((role) => permissionsOfRole(role).has(permission)),
      }));
      const rows = listed.map(({ permission, roles }) => [permission, roles.join(", ")]);
      output.answer({ permissions: listed }, () => table(["PERMISSION", "ROLES"], rows, ""));
    });

  tokens
    .command("revoke <id>")
    .description("make a token useless at once")
    .action(async (id: string, _options: unknown, command: Command) => {
      const { output, withBackend } = toolsOf(command);
      await withBackend((backend) => backend.revokeToken(id));
      output.answer({ id }, () => `Revoked token ${id}.`);
    });
}

function tokenDocument({ id, name, role, permissions, createdAt, expiresAt, revokedAt }: ListedToken) {
  return {
    id,
    name,
    role: role ?? undefined,
    permissions,
    created: createdAt.toISOString(),
    expires: expiresAt?.toISOString(),
    revoked: revokedAt?.toISOString(),
  };
}
