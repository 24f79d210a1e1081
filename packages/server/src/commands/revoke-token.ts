import { InterposeError } from "@interpose/engine";
import { revokeToken as revokeTokenRow } from "../store/sql/revoke-token.ts";
import { selectToken } from "../store/sql/select-token.ts";
import type { TokenRow } from "../store/sql/token-row.ts";
import { appendOne, write, type CommandContext } from "./context.ts";

/** Revokes a token, from the next call on. One that is revoked already stays as it is. Throws `token_not_found`. */
export async function revokeToken(context: CommandContext, id: string): Promise<TokenRow> {
  return write(context, async (command) => {
    const token = await selectToken(command.tx, context.instanceId, id);
    if (!token)
      throw new InterposeError("token_not_found", `There is no token "${id}". List the tokens to see their ids.`);
    if (token.revokedAt !== null) return token;
    const { changedAt } = await appendOne(command, {
      aggregateType: "token",
      aggregateId: id,
      type: "token.revoked",
      payload: {},
    });
    await revokeTokenRow(command.tx, context.instanceId, id, changedAt);
    return { ...token, revokedAt: changedAt };
  });
}
