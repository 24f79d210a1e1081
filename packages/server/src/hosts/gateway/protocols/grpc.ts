import { grpcTrailers, statusFromError, statusFromGrpc } from "@interpose/protocol";
import type { Status } from "@interpose/protocol/gen/google/rpc/status_pb";
import type { CallForm, CallHead } from "./call-form.ts";
import { codecOfContentType, messageCodec } from "./codecs.ts";
import { withKnownCodings } from "./codings.ts";
import { blockOf, fieldOf, without } from "./fields.ts";
import { enveloped } from "./framing.ts";
import type { HeaderBlock } from "../relay/hpack/index.ts";

const FAMILY = "application/grpc";
const FRAMING = enveloped(0);

/** gRPC over HTTP/2. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
export function readGrpc({ block, method, registry }: CallHead): CallForm | undefined {
  const codec = codecOfContentType(fieldOf(block, "content-type"), FAMILY);
  if (!codec) return undefined;
  return {
    request: {
      framing: FRAMING,
      codec: messageCodec(codec, method.input, registry),
      coding: fieldOf(block, "grpc-encoding"),
    },
    requestHead: () => withKnownCodings(without(block, "content-length"), "grpc-accept-encoding"),
    responseForm(head) {
      const answered = codecOfContentType(fieldOf(head, "content-type"), FAMILY);
      return (
        answered && {
          framing: FRAMING,
          codec: messageCodec(answered, method.output, registry),
          coding: fieldOf(head, "grpc-encoding"),
        }
      );
    },
    holdsHead: false,
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
