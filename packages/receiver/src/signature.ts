import type { Bytes } from "./bytes.ts";
import type { HeadersLike } from "./headers.ts";

/** Which headers a call is signed by. */
export type SignatureFamily = "standard-webhooks" | "zitadel";

/** One signature as a header has it. */
export interface Signature {
  readonly algorithm: "hmac-sha256" | "ed25519";
  readonly bytes: Bytes;
}

/** What the headers of a family say. */
export interface SignedHead {
  /** The call's id, where the signature covers it. */
  readonly id: string | undefined;
  /** Seconds since 1970, as they are signed. */
  readonly timestamp: string;
  /** What is signed before the body. */
  readonly prefix: string;
  /** At least one. */
  readonly signatures: readonly Signature[];
}

/** Reads the headers of a family: `undefined` where none of its signatures is there. Throws `missing`, `malformed`, `duplicate_header` and `oversized`. */
export type ReadSignedHead = (headers: HeadersLike) => SignedHead | undefined;

/** Longest header of signatures, in characters. */
export const MAX_SIGNATURE_HEADER = 4096;

/** Most signatures that one header can have. */
export const MAX_SIGNATURES = 16;

/** Seconds since 1970, without a sign and without zeros before them, so that there is one way to write each. */
export const SECONDS = /^(?:0|[1-9]\d{0,11})$/;
