import type { Queryable } from "../database.ts";
import { TOKEN_COLUMNS, type TokenRow } from "./token-row.ts";

/** One token, if there is one with this id, whatever its state. */
export async function selectToken(db: Queryable, instanceId: string, id: string): Promise<TokenRow | undefined> {
  const [row] = await db.query<TokenRow>({
    name: "select-token",
    text: `select ${TOKEN_COLUMNS} from interpose.tokens where instance_id = $1 and id = $2`,
    values: [instanceId, id],
  });
  return row;
}
