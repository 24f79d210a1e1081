export { verify } from "./verify.ts";
export type { Verified, VerifyOptions } from "./verify.ts";
export type { SigningKeys } from "./signing-keys.ts";
export type { SignatureFamily } from "./signature.ts";
export type { HeadersLike } from "./headers.ts";
export { ReceiverError } from "./error.ts";
export type { ErrorCode } from "./error.ts";
