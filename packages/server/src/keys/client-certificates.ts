import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { ClientCertificate } from "@interpose/caller";

/** Longest PEM of a certificate with those that vouch for it, and of a private key, in bytes. */
const MOST_CERTIFICATE_BYTES = 32 * 1024;
const MOST_KEY_BYTES = 16 * 1024;
/** Most certificates of a chain. */
const LONGEST_CHAIN = 10;

/** One block of RFC 7468. */
const CERTIFICATE = /-----BEGIN CERTIFICATE-----\s+[A-Za-z0-9+/\s]+={0,2}\s*-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /^\s*-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----\s+[A-Za-z0-9+/\s]+={0,2}\s*-----END \1-----\s*$/;

/** What a client certificate says, for people. */
export interface ShownCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** SHA-256 of the DER, in hex with colons. */
  readonly fingerprint: string;
  readonly notAfter: Date;
}

/** What is wrong with a client certificate, and with which half of it. The text quotes neither. */
export interface CertificateFault {
  readonly field: "certificate" | "private_key";
  /** Begins with a verb. */
  readonly fault: string;
}

/** What a certificate that is kept says. */
export function shownCertificate({ certificate }: Pick<ClientCertificate, "certificate">): ShownCertificate {
  const { subject, issuer, fingerprint256, validTo } = new X509Certificate(certificate);
  return {
    // Node has a line for each part of a name.
    subject: subject.split("\n").join(", "),
    issuer: issuer.split("\n").join(", "),
    fingerprint: fingerprint256,
    notAfter: new Date(validTo),
  };
}

/** What is wrong with a certificate, its chain or its key; undefined: nothing. */
export function faultOfClientCertificate(
  { certificate, privateKey }: ClientCertificate,
  now: Date,
): CertificateFault | undefined {
  const chain = chainIn(certificate);
  if (typeof chain === "string") return { field: "certificate", fault: chain };
  const [own] = chain;
  const notAfter = new Date(own.validTo);
  // A date that is none has passed, too.
  if (!(notAfter > now)) return { field: "certificate", fault: `has expired at ${timeOf(notAfter)}.` };
  const key = keyIn(privateKey);
  if (typeof key === "string") return { field: "private_key", fault: key };
  if (!own.checkPrivateKey(key))
    return { field: "private_key", fault: "belongs to another certificate than the first one of the chain." };
  try {
    createSecureContext({ cert: certificate, key: privateKey });
    return undefined;
  } catch {
    // What OpenSSL says of it may quote it.
    return {
      field: "certificate",
      fault: "cannot be used for TLS: its key is too short, or of a kind that TLS does not have.",
    };
  }
}

/** The certificates of a PEM, the client's own first, or what is wrong with it. */
function chainIn(pem: string): readonly [X509Certificate, ...X509Certificate[]] | string {
  if (Buffer.byteLength(pem) > MOST_CERTIFICATE_BYTES)
    return `has ${Buffer.byteLength(pem)} bytes; at most ${MOST_CERTIFICATE_BYTES} are allowed.`;
  const blocks = pem.match(CERTIFICATE) ?? [];
  if (blocks.length === 0 || pem.replace(CERTIFICATE, "").trim() !== "")
    return 'is not made of PEM blocks "CERTIFICATE" alone, the client\'s own first.';
  if (blocks.length > LONGEST_CHAIN) return `has ${blocks.length} certificates; at most ${LONGEST_CHAIN} are allowed.`;
  try {
    const [own, ...others] = blocks.map((block) => new X509Certificate(block));
    if (own) return [own, ...others];
  } catch {
    // Told below.
  }
  return "has a PEM block with no certificate that can be read.";
}

/** The private key of a PEM, or what is wrong with it. */
function keyIn(pem: string): KeyObject | string {
  if (Buffer.byteLength(pem) > MOST_KEY_BYTES) return `has more than ${MOST_KEY_BYTES} bytes.`;
  if (!PRIVATE_KEY.test(pem))
    return 'is not one PEM block "PRIVATE KEY" without a passphrase. "openssl pkey" writes one.';
  try {
    return createPrivateKey(pem);
  } catch {
    return 'has no key in its PEM block that can be read. "openssl pkey" writes one.';
  }
}

function timeOf(date: Date): string {
  return Number.isNaN(date.getTime()) ? "a time that cannot be read" : date.toISOString();
}
