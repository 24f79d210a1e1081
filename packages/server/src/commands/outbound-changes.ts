import { isDeepStrictEqual } from "node:util";
import type { ClientCertificate, OAuthClient } from "@interpose/caller";
import type { Outbound } from "../keys/outbound.ts";
import { checkClientCertificate, checkHeaders, checkOAuthClient, invalid } from "./outbound-rules.ts";

/** What changes of what is sent beside a payload. What is undefined stays as it is. */
export interface OutboundChanges {
  readonly headers?: HeaderChanges | undefined;
  /** Null: there is none any more. What of it is undefined stays. */
  readonly oauth?: OAuthChanges | null | undefined;
  /** Null: there is none any more. What of it is undefined stays. */
  readonly clientCertificate?: CertificateChanges | null | undefined;
}

/** What changes of headers. */
export interface HeaderChanges {
  /** By name, in any case. An empty text: the value that it has stays. */
  readonly given: Readonly<Record<string, string>>;
  /** Names, in small letters, that go unless they are given; or all that are not given. */
  readonly removed: readonly string[] | "others";
}

/** What changes of an OAuth2 client. An audience that is null is taken away. */
export type OAuthChanges = {
  readonly [Field in Exclude<keyof OAuthClient, "audience">]?: OAuthClient[Field] | undefined;
} & { readonly audience?: string | null | undefined };

/** What changes of a client certificate. */
export type CertificateChanges = { readonly [Field in keyof ClientCertificate]?: string | undefined };

/** What is sent after a change, checked. Throws `target_invalid`, with no secret in its text. */
export function changedOutbound(before: Outbound, changes: OutboundChanges): Outbound {
  const headers = changes.headers ? changedHeaders(before.headers, changes.headers) : before.headers;
  if (changes.headers) checkHeaders(headers);
  return {
    headers,
    oauth: changedClient(before.oauth, changes.oauth),
    clientCertificate: changedCertificate(before.clientCertificate, changes.clientCertificate),
  };
}

/** Paths of what differs, for events: names, and no values. */
export function changedPaths(before: Outbound, after: Outbound): readonly string[] {
  const names = new Set([...Object.keys(before.headers), ...Object.keys(after.headers)]);
  const headers = [...names].filter((name) => before.headers[name] !== after.headers[name]);
  return [
    ...new Set(headers.map((name) => `headers.${name.toLowerCase()}`)),
    ...differing("oauth2_client", before.oauth, after.oauth, OAUTH_NAMES),
    ...differing("client_certificate", before.clientCertificate, after.clientCertificate, CERTIFICATE_NAMES),
  ];
}

const OAUTH_NAMES: Readonly<Record<keyof OAuthClient, string>> = {
  tokenUrl: "token_url",
  clientId: "client_id",
  clientSecret: "client_secret",
  scopes: "scopes",
  audience: "audience",
};

const CERTIFICATE_NAMES: Readonly<Record<keyof ClientCertificate, string>> = {
  certificate: "certificate",
  privateKey: "private_key",
};

function differing<T extends object>(
  path: string,
  before: T | undefined,
  after: T | undefined,
  names: Readonly<Record<keyof T, string>>,
): readonly string[] {
  if (!before || !after) return before === after ? [] : [path];
  return (Object.entries(names) as [keyof T, string][]).flatMap(([field, name]) =>
    isDeepStrictEqual(before[field], after[field]) ? [] : [`${path}.${name}`],
  );
}

/** What one spelling of a name has, another takes over. */
function changedHeaders(before: Outbound["headers"], { given, removed }: HeaderChanges): Outbound["headers"] {
  const known = new Map(Object.entries(before).map(([name, value]) => [name.toLowerCase(), value]));
  const givenNames = new Set(Object.keys(given).map((name) => name.toLowerCase()));
  const kept = Object.entries(before).filter(([name]) => {
    const small = name.toLowerCase();
    return !givenNames.has(small) && removed !== "others" && !removed.includes(small);
  });
  const values = Object.entries(given).map(([name, value]) => [
    name,
    value === "" ? (known.get(name.toLowerCase()) ?? "") : value,
  ]);
  return Object.fromEntries([...kept, ...values]) as Outbound["headers"];
}

function changedClient(before: OAuthClient | undefined, changes: OutboundChanges["oauth"]): OAuthClient | undefined {
  if (changes === undefined) return before;
  if (changes === null) return undefined;
  const { tokenUrl, clientId, clientSecret, scopes, audience } = changes;
  // A secret goes where it was given for: or who may not read it could have it sent to himself.
  if (before && clientSecret === undefined && tokenUrl !== undefined && tokenUrl !== before.tokenUrl)
    throw invalid(
      "oauth2_client.client_secret",
      "Another token URL needs the client secret again: the one that is kept was given for the URL before.",
    );
  const after: OAuthClient = {
    tokenUrl: tokenUrl ?? before?.tokenUrl ?? "",
    clientId: clientId ?? before?.clientId ?? "",
    clientSecret: clientSecret ?? before?.clientSecret ?? "",
    scopes: scopes ?? before?.scopes ?? [],
    audience: audience === null ? undefined : (audience ?? before?.audience),
  };
  checkOAuthClient(after);
  return after;
}

function changedCertificate(
  before: ClientCertificate | undefined,
  changes: OutboundChanges["clientCertificate"],
): ClientCertificate | undefined {
  if (changes === undefined) return before;
  if (changes === null) return undefined;
  const after = {
    certificate: changes.certificate ?? before?.certificate ?? "",
    privateKey: changes.privateKey ?? before?.privateKey ?? "",
  };
  // One that has expired since stays when nothing of it changes.
  if (!isDeepStrictEqual(after, before)) checkClientCertificate(after);
  return after;
}
