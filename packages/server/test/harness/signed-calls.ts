// What is known of the targets that a test made, so that every call that reaches one of the test's endpoints can be held against it: by the package that those who write targets have for it.
import type { IncomingHttpHeaders } from "node:http";
import type { PayloadType } from "@interpose/engine";
import { ReceiverError, verify, type Opener } from "@interpose/receiver";

/** A target whose calls may come. */
export interface KnownTarget {
  /** Text of the HMAC key that signs its calls. */
  readonly signingKey: string;
  /** Its public key of Ed25519, where it has one. */
  readonly publicKey?: string | undefined;
  /** Verifies and decrypts what it is sent. */
  readonly open: Opener;
}

/** A call's payload, opened. */
export interface OpenedPayload {
  readonly json: string;
  readonly payloadType: PayloadType;
}

/** Most keys that are given to the receiver at a time: it takes 16. */
const AT_ONCE = 16;

/** The newest first, whose calls are the most likely. */
const known: KnownTarget[] = [];

/** From now on, calls of a target may come. It takes the place of what was known of the same key. */
export function expectCallsOf(target: KnownTarget): void {
  const before = known.findIndex(({ signingKey }) => signingKey === target.signingKey);
  if (before >= 0) known.splice(before, 1);
  known.unshift(target);
}

/** Verifies the signatures of a call in both families, and opens its payload. Rejects where one of them is not as a target that is known has it. */
export async function openCall(headers: IncomingHttpHeaders, body: Uint8Array): Promise<OpenedPayload> {
  const target = await senderOf(headers, body);
  for (const key of [target.signingKey, target.publicKey])
    if (key !== undefined) await verify(headers, body, key, { family: "standard-webhooks" });
  const text = Buffer.from(body).toString();
  return { json: await target.open(text), payloadType: payloadTypeIn(text) };
}

/** The target that a call is of, by the key that signed it. */
async function senderOf(headers: IncomingHttpHeaders, body: Uint8Array): Promise<KnownTarget> {
  for (let from = 0; from < known.length; from += AT_ONCE) {
    const some = known.slice(from, from + AT_ONCE);
    const keys = some.map(({ signingKey }) => signingKey);
    const verified = await verify(headers, body, keys, { family: "zitadel" }).catch((error: unknown) => {
      if (error instanceof ReceiverError && error.code === "no_match") return undefined;
      throw error;
    });
    const target = verified && some[verified.keyIndex];
    if (target) return target;
  }
  throw new Error(`none of the ${known.length} targets that the test has told of signed this call`);
}

function payloadTypeIn(text: string): PayloadType {
  if (text.startsWith("{")) return "json";
  return text.split(".").length === 3 ? "jwt" : "jwe";
}
