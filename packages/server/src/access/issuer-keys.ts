import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from "jose";

/** Where the public keys of an issuer of tokens are. One of the two is there. */
export interface IssuerKeysOptions {
  /** URL of the issuer, whose discovery document names its keys. */
  readonly issuer?: string | undefined;
  /** URL of its keys (JWKS, RFC 7517), in place of what the discovery document says. */
  readonly jwksUrl?: string | undefined;
}

const FETCH_TIMEOUT_MS = 5_000;
/** After a failure the issuer is left alone for this long: callers get their refusal at once. Keys are not looked for anew more often, either. */
const RETRY_AFTER_MS = 5_000;
/** Longest document of an issuer that is read, in characters. */
const LONGEST_DOCUMENT = 1024 * 1024;

/**
 * Finds the keys of an issuer. They are kept, and fetched anew when a token names one that is not known, at most every few seconds. Nothing is fetched before
 * the first token, so an issuer that is down keeps no server from starting. Rejects when they cannot be had.
 */
export function createIssuerKeys({ issuer, jwksUrl }: IssuerKeysOptions): () => Promise<JWTVerifyGetKey> {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  let failedAt = -Infinity;

  async function rested<T>(work: () => Promise<T>): Promise<T> {
    if (performance.now() - failedAt < RETRY_AFTER_MS) throw new Error("the issuer could not be reached a moment ago");
    try {
      return await work();
    } catch (error) {
      failedAt = performance.now();
      throw error;
    }
  }

  async function find(): Promise<JWTVerifyGetKey> {
    const url = jwksUrl ?? (await rested(() => jwksUrlOf(issuer ?? "")));
    return createRemoteJWKSet(new URL(url), {
      timeoutDuration: FETCH_TIMEOUT_MS,
      cooldownDuration: RETRY_AFTER_MS,
      [customFetch]: async (target, init) => Response.json(await rested(() => fetchObject(target, init))),
    });
  }

  return () => {
    if (!keys) {
      keys = find();
      keys.catch(() => (keys = undefined));
    }
    return keys;
  };
}

async function jwksUrlOf(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const document = await fetchObject(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  // OpenID Connect Discovery 1.0, section 4.3: the document must be that of the issuer who was asked.
  if (document.issuer !== issuer) throw new Error(`${url} is the document of another issuer`);
  if (typeof document.jwks_uri !== "string") throw new Error(`${url} names no jwks_uri`);
  return document.jwks_uri;
}

/** Fetches a JSON object, and follows no redirect to another place. What is too large, or anything else, rejects. */
async function fetchObject(url: string, init: RequestInit): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url, { ...init, redirect: "error" });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > LONGEST_DOCUMENT) throw new Error(`${url} answered more than ${LONGEST_DOCUMENT} characters`);
  }
  const document: unknown = JSON.parse(text);
  if (!isObject(document)) throw new Error(`${url} answered no JSON object`);
  return document;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
