// Signs calls as their senders do, by node:crypto alone: nothing of what is tested has a part in it.
import { createHmac, generateKeyPairSync, sign, type KeyObject } from "node:crypto";

/** A signing key as Interpose and ZITADEL make them. */
export const KEY = "Zk3Yb8Qw1Rt6Ux0Pv5Ns2Md7Lc4Ka9Hj1GfE";

/** The same key as Standard Webhooks writes it. */
export const WHSEC = `whsec_${Buffer.from(KEY).toString("base64")}`;

/** What is signed, and when. */
export interface ToSign {
  readonly body: string;
  /** Seconds since 1970. Default: now. */
  readonly at?: number;
  readonly id?: string;
}

export const seconds = (): number => Math.floor(Date.now() / 1000);

/** The headers that ZITADEL signs with. */
export function zitadelHeaders({ body, at = seconds() }: ToSign, ...keys: readonly string[]): Record<string, string> {
  const signatures = (keys.length > 0 ? keys : [KEY]).map(
    (key) => `v1=${createHmac("sha256", key).update(`${at}.${body}`).digest("hex")}`,
  );
  return { "ZITADEL-Signature": [`t=${at}`, ...signatures].join(",") };
}

/** The headers of Standard Webhooks. A key is a signing key's text, or a private key of Ed25519. */
export function webhookHeaders(
  { body, at = seconds(), id = "17.1" }: ToSign,
  ...keys: readonly (string | KeyObject)[]
): Record<string, string> {
  const message = `${id}.${at}.${body}`;
  const signatures = (keys.length > 0 ? keys : [KEY]).map((key) =>
    typeof key === "string"
      ? `v1,${createHmac("sha256", key).update(message).digest("base64")}`
      : `v1a,${sign(null, Buffer.from(message), key).toString("base64")}`,
  );
  return { "webhook-id": id, "webhook-timestamp": `${at}`, "webhook-signature": signatures.join(" ") };
}

/** A pair of Ed25519, its public key as Standard Webhooks writes it. */
export function ed25519(): { readonly privateKey: KeyObject; readonly whpk: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const raw = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  return { privateKey, whpk: `whpk_${raw.toString("base64")}` };
}
