import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";
import { cleanUp, type Cleanup } from "./cleanup.ts";

/** Claims of a token; undefined takes one of the usual ones out. */
export type TestClaims = Readonly<Record<string, unknown>>;

/** How a token differs from the usual one. */
export interface TokenOptions {
  /** Header fields on top of the usual ones; undefined takes one out. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Key to sign with, in place of the issuer's newest. */
  readonly key?: CryptoKey | Uint8Array;
}

/** An OIDC issuer on loopback: its discovery document, its keys, and tokens signed by them. */
export interface TestIssuer {
  readonly url: string;
  /** Paths that were asked for. */
  readonly requests: string[];
  /** Id of the newest key. */
  keyId(): string;
  /** The newest public key, as PEM. */
  publicKeyPem(): Promise<string>;
  /** Signs a token that is good for five minutes. */
  token(claims?: TestClaims, options?: TokenOptions): Promise<string>;
  /** Begins to sign with a new key. The ones before stay in the set of keys. */
  addKey(algorithm?: string): Promise<void>;
  /** Answers nobody until `open`. */
  close(): Promise<void>;
  /** Answers again, at the same URL. */
  open(): Promise<void>;
}

/** The audience that the issuer's tokens are for, unless a test says otherwise. */
export const AUDIENCE = "interpose-tests";

interface SigningKey {
  readonly id: string;
  readonly algorithm: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

/** Starts an issuer. It is stopped after the test. */
export async function startIssuer(t: Cleanup): Promise<TestIssuer> {
  const requests: string[] = [];
  let keys: readonly SigningKey[] = [];
  let url = "";
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.push(path);
    const documents: Readonly<Record<string, unknown>> = {
      "/.well-known/openid-configuration": { issuer: url, jwks_uri: `${url}/keys` },
      "/keys": { keys: keys.map(({ jwk }) => jwk) },
    };
    const document = documents[path];
    response.writeHead(document ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(document ?? {}));
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => {
        server.off("error", reject);
        resolve();
      });
    });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });

  await listen(0);
  cleanUp(t, close);
  const { port } = server.address() as AddressInfo;
  url = `http://127.0.0.1:${port}`;
  const newest = (): SigningKey => {
    const key = keys.at(-1);
    if (!key) throw new Error("the issuer has no key");
    return key;
  };
  const addKey = async (algorithm = "RS256"): Promise<void> => {
    keys = [...keys, await newSigningKey(`key-${keys.length + 1}-of-${port}`, algorithm)];
  };
  await addKey();

  return {
    url,
    requests,
    keyId: () => newest().id,
    publicKeyPem: () => exportSPKI(newest().publicKey),
    token(claims = {}, { header = {}, key } = {}) {
      const { id, algorithm, privateKey } = newest();
      const now = Math.floor(Date.now() / 1000);
      const payload = { iss: url, aud: AUDIENCE, sub: "user-1", iat: now, exp: now + 300, ...claims };
      return new SignJWT(withoutUndefined(payload))
        .setProtectedHeader({ alg: algorithm, ...withoutUndefined({ kid: id, typ: "at+jwt", ...header }) })
        .sign(key ?? privateKey);
    },
    addKey,
    close,
    open: () => listen(port),
  };
}

async function newSigningKey(id: string, algorithm: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return {
    id,
    algorithm,
    privateKey,
    publicKey,
    jwk: { ...(await exportJWK(publicKey)), kid: id, alg: algorithm, use: "sig" },
  };
}

function withoutUndefined(fields: TestClaims): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
