import type { TargetCredentials } from "./credentials.ts";
import { WEBHOOK_ID_HEADER, WEBHOOK_TIMESTAMP_HEADER } from "./headers.ts";
import { signatureHeaders } from "./signing/sign.ts";

type Fields = Readonly<Record<string, string>>;

/** Headers of a request, names in small letters. */
export interface RequestHeaders {
  /** They also go to where an endpoint redirects. */
  readonly open: Fields;
  /** Their values are nobody's business but the endpoint's: they go to no other origin, and into no record. */
  readonly secret: Fields;
}

/** No secret headers. One object, so that it is known without a look. */
const NONE: Fields = {};

/** What headers are made of. */
export interface HeaderParts {
  readonly url: URL;
  /** The call's or delivery's. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** As it is sent. */
  readonly body: Uint8Array;
  /** Those of this call alone. */
  readonly own: Fields;
  readonly userAgent: string;
  readonly credentials: TargetCredentials | undefined;
  readonly accessToken: string | undefined;
}

/**
 * Headers of the first request to a target. Signatures are among those that also go to where it redirects: they give nothing away that makes another one, and who takes a target's
 * calls over for it wants to know as well whom they are from.
 */
export function headersOf(parts: HeaderParts): RequestHeaders {
  const { id, timestamp, credentials } = parts;
  return {
    open: {
      ...parts.own,
      [WEBHOOK_ID_HEADER]: id,
      [WEBHOOK_TIMESTAMP_HEADER]: String(timestamp),
      ...(credentials !== undefined && signatureHeaders(parts, credentials.signingKeys)),
      "content-type": "application/json",
      "accept-encoding": "identity",
      "user-agent": parts.userAgent,
    },
    secret: secretHeaders(parts),
  };
}

/** Of what would go as `authorization`, an access token comes first, then what the target was given, then what stands in its URL. */
function secretHeaders({ url, credentials, accessToken }: HeaderParts): Fields {
  const basic = basicAuthorization(url);
  const given = credentials?.headers;
  if (basic === undefined && given === undefined && accessToken === undefined) return NONE;
  const headers: Record<string, string> = basic === undefined ? {} : { authorization: basic };
  for (const name in given) headers[name.toLowerCase()] = given[name] ?? "";
  if (accessToken !== undefined) headers.authorization = `Bearer ${accessToken}`;
  return headers;
}

function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  return basicCredentials(decodeURIComponent(username), decodeURIComponent(password));
}

/** RFC 7617. */
export function basicCredentials(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** All of them, as they are sent. No secret one takes the place of an open one. */
export function allOf({ open, secret }: RequestHeaders): Fields {
  return secret === NONE ? open : { ...secret, ...open };
}

/** Those for another origin than the endpoint's. */
export function withoutSecrets(headers: RequestHeaders): RequestHeaders {
  return { open: headers.open, secret: NONE };
}

/** Stands in records for the value of a secret header. */
const HIDDEN = "(hidden)";

/** All of them, as records have them. */
export function withSecretsHidden({ open, secret }: RequestHeaders): Fields {
  if (secret === NONE) return open;
  const hidden = Object.fromEntries(Object.keys(secret).map((name) => [name, HIDDEN]));
  return { ...hidden, ...open };
}
