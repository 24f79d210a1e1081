import { createHmac, sign } from "node:crypto";
import type { SigningKey } from "../credentials.ts";
import { WEBHOOK_SIGNATURE_HEADER, ZITADEL_SIGNATURE_HEADER } from "../headers.ts";

/** What is signed. */
export interface SignedMessage {
  /** The call's or delivery's. No full stop in it. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** As it is sent. */
  readonly body: Uint8Array;
}

/**
 * Headers that prove who sent a body, and when, in two forms, a signature for each key:
 * ZITADEL's, of HMAC-SHA256 over `timestamp.body`, and that of Standard Webhooks, over `id.timestamp.body`, of HMAC-SHA256 (`v1`) and Ed25519 (`v1a`):
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md. Without keys there are none.
 * An HMAC key takes part in both; no signature of one form can be passed off as one of the other, since no body begins with a number and a full stop.
 */
export function signatureHeaders(
  message: SignedMessage,
  keys: readonly SigningKey[],
): Readonly<Record<string, string>> {
  const { id, timestamp, body } = message;
  const [zitadelStart, webhookStart] = [`${timestamp}.`, `${id}.${timestamp}.`];
  let zitadel = `t=${timestamp}`;
  let webhook = "";
  let hasHmac = false;
  for (const key of keys) {
    if (webhook !== "") webhook += " ";
    if (key.kind === "ed25519") {
      webhook += `v1a,${sign(null, Buffer.concat([Buffer.from(webhookStart), body]), key.privateKey).toString("base64")}`;
      continue;
    }
    hasHmac = true;
    zitadel += `,v1=${createHmac("sha256", key.secret).update(zitadelStart).update(body).digest("hex")}`;
    webhook += `v1,${createHmac("sha256", key.secret).update(webhookStart).update(body).digest("base64")}`;
  }
  return {
    ...(hasHmac && { [ZITADEL_SIGNATURE_HEADER]: zitadel }),
    ...(webhook !== "" && { [WEBHOOK_SIGNATURE_HEADER]: webhook }),
  };
}
