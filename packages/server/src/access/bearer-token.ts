/** Longest authorization that is looked at. Tokens of issuers with many roles have some kilobytes. */
const LONGEST_AUTHORIZATION = 16 * 1024;

/** The token of a header `Authorization: Bearer TOKEN` (RFC 6750). Undefined: it has another form, or is too long. */
export function bearerTokenFrom(authorization: string): string | undefined {
  if (authorization.length > LONGEST_AUTHORIZATION) return undefined;
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1];
}
