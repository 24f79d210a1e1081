export { createReceiver } from "./receiver.ts";
export type { Answer, Opener, Receiver, ReceiverOptions } from "./receiver.ts";
export type { Context, FunctionHandlers, Handler, Handlers } from "./handlers.ts";
export { reply } from "./reply.ts";
export type { Change, Refusal, RefusalCode, Reply, SamlAttribute, Unchanged } from "./reply.ts";
export { isFunction, readCall } from "./call.ts";
export type {
  ApiError,
  BuiltinFunctionCall,
  Call,
  EventCall,
  FunctionCall,
  OtherFunctionCall,
  RequestCall,
  ResponseCall,
} from "./call.ts";
export type {
  BuiltinFunctions,
  CodeInput,
  CodeSettings,
  Fields,
  Human,
  Organisation,
  SamlInput,
  TokenInput,
  User,
  UserGrant,
  UserMetadata,
} from "./functions.ts";
export { verify } from "./verify.ts";
export type { Verified, VerifyOptions } from "./verify.ts";
export type { SigningKeys } from "./signing-keys.ts";
export type { SignatureFamily } from "./signature.ts";
export type { HeadersLike } from "./headers.ts";
export { createMemoryStore } from "./seen.ts";
export type { Claim, MemoryStore, MemoryStoreOptions, SeenStore } from "./seen.ts";
export { ReceiverError } from "./error.ts";
export type { ErrorCode } from "./error.ts";
