import { grpcTrailers, statusFromError, statusFromGrpc } from "@interpose/protocol";
import type { Status } from "@interpose/protocol/gen/google/rpc/status_pb";
import type { CallForm, CallHead } from "./call-form.ts";
import { codecOfContentType } from "./codecs.ts";
import { envelopedCall } from "./enveloped-call.ts";
import { blockOf, fieldOf } from "./fields.ts";
import { enveloped } from "./framing.ts";
import type { HeaderBlock } from "../relay/hpack/index.ts";

const GRPC = {
  family: "application/grpc",
  framing: enveloped(0),
  codingField: "grpc-encoding",
  acceptField: "grpc-accept-encoding",
};

/** gRPC over HTTP/2. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
export function readGrpc(call: CallHead): CallForm | undefined {
  const codec = codecOfContentType(fieldOf(call.block, "content-type"), GRPC.family);
  if (!codec) return undefined;
  return {
    ...envelopedCall(GRPC, call, codec),
    ending: { block: grpcStatusOf },
    endOfError: (error) => ({ trailers: blockOf(grpcTrailers(statusFromError(error))) }),
    translation: undefined,
  };
}

/** How a response of gRPC ended, by its trailers, or by its head where that is all of it. */
export function grpcStatusOf(block: HeaderBlock): Status {
  const httpStatus = fieldOf(block, ":status");
  return statusFromGrpc({
    status: fieldOf(block, "grpc-status"),
    message: fieldOf(block, "grpc-message"),
    details: fieldOf(block, "grpc-status-details-bin"),
    httpStatus: httpStatus === undefined ? undefined : Number(httpStatus),
  });
}
