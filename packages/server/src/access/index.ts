export { createAuthenticator } from "./authenticator.ts";
export type { AuthenticatorOptions, KnownToken } from "./authenticator.ts";
export { assertMayGrant, authorize } from "./authorize.ts";
export type { Caller } from "./caller.ts";
export { createOidcVerifier } from "./oidc.ts";
export type { OidcOptions, OidcVerifier } from "./oidc.ts";
export { PERMISSIONS, permissionsOf, permissionsOfRole, ROLES } from "./permissions.ts";
export type { Permission, Role } from "./permissions.ts";
export { createTokenSecret } from "./token-secret.ts";
