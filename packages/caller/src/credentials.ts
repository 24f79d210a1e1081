import type { KeyObject } from "node:crypto";

/** A key that calls of a target are signed by. */
export type SigningKey =
  /** The UTF-8 bytes of the text are the key. */
  { readonly kind: "hmac"; readonly secret: string } | { readonly kind: "ed25519"; readonly privateKey: KeyObject };

/** A client of an OAuth2 server, as which calls of a target get their access tokens: RFC 6749, section 4.4. */
export interface OAuthClient {
  /** Absolute URL, http or https. It is called by the same egress rules as targets. */
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
  /** Who the token shall be for, at servers that ask: sent as `audience`. */
  readonly audience?: string | undefined;
}

/** What is shown to a target that wants to know who calls, in the handshake of TLS. PEM. */
export interface ClientCertificate {
  /** Followed by those that vouch for it, if there are any. */
  readonly certificate: string;
  readonly privateKey: string;
}

/** What calls of a target prove themselves with, and are encrypted to. */
export interface TargetCredentials {
  /** Newest first; several while they rotate. None: calls are not signed. */
  readonly signingKeys: readonly SigningKey[];
  /** The target's active key, which has not expired. Payloads of type `jwe` are encrypted to it: RSA, or EC on P-256, P-384 or P-521. */
  readonly encryptionKey?: { readonly id: string; readonly publicKey: KeyObject } | undefined;
  /** Sent along, to the target's own origin alone; valid by `faultOfTargetHeaders`. Their values stand in no record. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly oauth?: OAuthClient | undefined;
  readonly clientCertificate?: ClientCertificate | undefined;
}

/** How this instance signs tokens. */
export interface TokenSigner {
  /** Sent as `kid`. */
  readonly keyId: string;
  readonly algorithm: "RS256";
  readonly privateKey: KeyObject;
}
