import { InterposeError } from "@interpose/engine";
import { createTokenSecret } from "../access/token-secret.ts";
import type { Role } from "../access/permissions.ts";
import { insertToken } from "../store/sql/insert-token.ts";
import { appendOne, write, type CommandContext } from "./context.ts";

/** A token to create. What it may do must have been checked against what its maker may do. */
export interface NewToken {
  readonly name: string;
  readonly role: Role | null;
  readonly permissions: readonly string[];
  readonly expiresAt: Date | null;
}

/** A token that was created, with the one copy of its text. */
export interface CreatedToken {
  readonly id: string;
  /** What callers send. Only its hash is stored. */
  readonly text: string;
  readonly expiresAt: Date | null;
}

/** Creates a bearer token. */
export async function createToken(
  context: CommandContext,
  { name, role, permissions, expiresAt }: NewToken,
): Promise<CreatedToken> {
  if (role === null && permissions.length === 0) {
    const description = "A token needs a role, permissions, or both.";
    throw new InterposeError("bad_request", description, { violations: [{ field: "role", description }] });
  }
  const id = context.newId();
  const { text, hash } = createTokenSecret(id);
  await write(context, async (command) => {
    const payload = { name, role, permissions, expiresAt };
    const { changedAt } = await appendOne(command, {
      aggregateType: "token",
      aggregateId: id,
      type: "token.added",
      payload,
    });
    await insertToken(command.tx, context.instanceId, {
      id,
      name,
      role,
      permissions,
      secretHash: hash,
      createdAt: changedAt,
      expiresAt,
    });
  });
  return { id, text, expiresAt };
}
