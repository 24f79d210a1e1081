import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  Role as ProtoRole,
  TokenService,
  type TokenSchema,
} from "@interpose/protocol/gen/interpose/v1/token_service_pb";
import { assertMayGrant } from "../../access/authorize.ts";
import { permissionsOf, type Role } from "../../access/permissions.ts";
import { createToken } from "../../commands/create-token.ts";
import { revokeToken } from "../../commands/revoke-token.ts";
import { listTokens } from "../../store/sql/list-tokens.ts";
import type { TokenRow } from "../../store/sql/token-row.ts";
import type { ApiContext } from "../context.ts";
import { DEFAULT_PAGE_SIZE, pageOf, readPageToken } from "../page-token.ts";
import { apiService, type ApiService } from "../service.ts";

/** The service `interpose.v1.TokenService`. */
export function tokenServiceV1(api: ApiContext): ApiService {
  return apiService(TokenService, {
    async createToken({ name, role: given, permissions, expireTime }, call) {
      const role = ROLES_FROM_PROTO[given];
      assertMayGrant(call.caller, permissionsOf(role, permissions));
      const expiresAt = expireTime ? timestampDate(expireTime) : null;
      const { id, text } = await createToken(api.commandContext(call), { name, role, permissions, expiresAt });
      return { id, token: text, ...(expiresAt && { expireTime: timestampFromDate(expiresAt) }) };
    },

    async listTokens({ pageSize, pageToken, name, showInactive }, call) {
      const size = pageSize === 0 ? DEFAULT_PAGE_SIZE : pageSize;
      const [, time, id] = readPageToken(pageToken, /^(\d{1,15})\.(\d{1,20})$/) ?? [];
      // One more than asked for tells whether there is another page.
      const rows = await listTokens(api.database, call.instanceId, {
        limit: size + 1,
        after: time === undefined || id === undefined ? undefined : { createdAt: new Date(Number(time)), id },
        name,
        showInactive,
        now: new Date(),
      });
      const { page, nextPageToken } = pageOf(rows, size, ({ createdAt, id }) => `${createdAt.getTime()}.${id}`);
      return { tokens: page.map(tokenToProto), nextPageToken };
    },

    async revokeToken({ id }, call) {
      return { token: tokenToProto(await revokeToken(api.commandContext(call), id)) };
    },
  });
}

const ROLES_FROM_PROTO: Readonly<Record<ProtoRole, Role | null>> = {
  [ProtoRole.UNSPECIFIED]: null,
  [ProtoRole.ADMIN]: "admin",
  [ProtoRole.EDITOR]: "editor",
  [ProtoRole.VIEWER]: "viewer",
  [ProtoRole.NONE]: "none",
};

const ROLES_TO_PROTO: Readonly<Record<Role, ProtoRole>> = {
  admin: ProtoRole.ADMIN,
  editor: ProtoRole.EDITOR,
  viewer: ProtoRole.VIEWER,
  none: ProtoRole.NONE,
};

function tokenToProto(token: TokenRow): MessageInitShape<typeof TokenSchema> {
  return {
    id: token.id,
    name: token.name,
    role: token.role === null ? ProtoRole.UNSPECIFIED : ROLES_TO_PROTO[token.role],
    permissions: [...token.permissions],
    createTime: timestampFromDate(token.createdAt),
    ...(token.expiresAt && { expireTime: timestampFromDate(token.expiresAt) }),
    ...(token.revokedAt && { revokeTime: timestampFromDate(token.revokedAt) }),
  };
}
