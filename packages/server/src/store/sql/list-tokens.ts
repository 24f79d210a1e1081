import type { Queryable } from "../database.ts";
import { TOKEN_COLUMNS, type TokenRow } from "./token-row.ts";

/** A page of tokens. */
export interface TokenPage {
  readonly limit: number;
  /** The token that the page before ended with. */
  readonly after?: { readonly createdAt: Date; readonly id: string } | undefined;
  /** Only tokens with this text in their name. */
  readonly name: string;
  /** Also tokens that are revoked, or expired by `now`. */
  readonly showInactive: boolean;
  readonly now: Date;
}

/** Lists tokens, newest first. */
export function listTokens(
  db: Queryable,
  instanceId: string,
  { limit, after, name, showInactive, now }: TokenPage,
): Promise<readonly TokenRow[]> {
  return db.query<TokenRow>({
    name: "list-tokens",
    text: `select ${TOKEN_COLUMNS} from interpose.tokens
           where instance_id = $1
             and ($2::timestamptz is null or (created_at, id) < ($2, $3))
             and strpos(name, $4) > 0
             and ($5 or (revoked_at is null and (expires_at is null or expires_at > $6)))
           order by created_at desc, id desc
           limit $7`,
    values: [instanceId, after?.createdAt ?? null, after?.id ?? null, name, showInactive, now, limit],
  });
}
