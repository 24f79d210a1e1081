/** Who calls, as proven by a token. */
export interface Caller {
  /** Id of the token, or the `sub` of an OIDC access token. */
  readonly userId: string;
  /** Organisation that an OIDC token names. Bearer tokens have none. */
  readonly orgId?: string | undefined;
  /** What the caller may do. */
  readonly permissions: ReadonlySet<string>;
}
