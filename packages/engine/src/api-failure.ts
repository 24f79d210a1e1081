import type { JsonObject } from "./json.ts";
import type { Spelling } from "./message.ts";
import type { RpcCode } from "./rpc-code.ts";

/** How an API failed, in place of a response. A host makes it of what its protocol said. */
export interface ApiFailure {
  readonly code: RpcCode;
  readonly message: string;
  /** Each detail as JSON has a `google.protobuf.Any`: `@type`, and the fields of the message beside it. */
  readonly details: (spelling: Spelling) => readonly JsonObject[];
}

/** A failure as targets are shown it: the code by its name in gRPC, and nothing that is empty. https://grpc.io/docs/guides/status-codes/ */
export function failureToJson({ code, message, details }: ApiFailure, spelling: Spelling): JsonObject {
  const shown = details(spelling);
  return {
    code: code.toUpperCase(),
    ...(message !== "" && { message }),
    ...(shown.length > 0 && { details: shown }),
  };
}
