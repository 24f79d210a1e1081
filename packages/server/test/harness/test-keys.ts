// Keys of the test process: those that its endpoints decrypt with, and those that sign where a test calls targets without a server.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { TargetCallerOptions, TargetCredentials, TokenSigner } from "@interpose/caller";
import { createOpener, type DecryptionKey } from "@interpose/receiver/tokens";
import { expectCallsOf } from "./signed-calls.ts";

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** Makes a value when it is first asked for: keys of RSA take some tenths of a second. */
function lazily<T>(make: () => T): () => T {
  let value: { readonly made: T } | undefined;
  return () => (value ??= { made: make() }).made;
}

const rsa = lazily((): Pair => generateKeyPairSync("rsa", { modulusLength: 2048 }));
const ec = lazily((): Pair => generateKeyPairSync("ec", { namedCurve: "P-256" }));

const pemOf = (key: KeyObject, type: "spki" | "pkcs8"): string => key.export({ type, format: "pem" }).toString();

let turns = 0;

/** A public key, as PEM, of which the test's endpoints have the private one: of EC and RSA in turns. */
export function nextPublicKey(): string {
  return pemOf((turns++ % 2 === 0 ? ec : rsa)().publicKey, "spki");
}

/** The private keys of those that were given out. */
export function decryptionKeys(): readonly DecryptionKey[] {
  const pairs = turns > 1 ? [ec(), rsa()] : [ec()];
  return pairs.map(({ privateKey }) => ({ key: pemOf(privateKey, "pkcs8") }));
}

const signer = lazily((): TokenSigner & { readonly publicKey: KeyObject } => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { keyId: "test", algorithm: "RS256", privateKey, publicKey };
});

// The same in all processes of a test, of which one may call what stands in another one.
const hmac = "a-signing-key-for-tests-only";
/** RFC 8410, section 7: what stands before the 32 bytes of a key. */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");
const ed25519 = createPrivateKey({
  key: Buffer.concat([PKCS8_HEAD, Buffer.alloc(32, "test")]),
  format: "der",
  type: "pkcs8",
});

/** What every target has whose calls a test makes without a server. */
export const TEST_CREDENTIALS: TargetCredentials = {
  signingKeys: [
    { kind: "hmac", secret: hmac },
    { kind: "ed25519", privateKey: ed25519 },
  ],
  encryptionKey: { id: "test", publicKey: ec().publicKey },
};

/** Has a caller sign and encrypt as the test's endpoints expect it. */
export const TEST_SIGNING = {
  credentialsOf: () => TEST_CREDENTIALS,
  tokenSigner: signer,
} satisfies Partial<TargetCallerOptions>;

const opener = lazily(() => {
  const { keyId, algorithm, publicKey } = signer();
  const jwks = { keys: [{ kty: "RSA", ...publicKey.export({ format: "jwk" }), kid: keyId, alg: algorithm }] };
  return createOpener({ jwks, decryptionKeys: decryptionKeys(), accept: ["json", "jwt", "jwe"] });
});

expectCallsOf({
  signingKey: hmac,
  publicKey: pemOf(createPublicKey(ed25519), "spki"),
  open: (body) => opener()(body),
});
