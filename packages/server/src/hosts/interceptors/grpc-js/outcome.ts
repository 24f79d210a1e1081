import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { toBinary } from "@bufbuild/protobuf";
import { statusFromError } from "@interpose/protocol";
import { StatusSchema } from "@interpose/protocol/gen/google/rpc/status_pb";

/** An error as the end of a gRPC call, with its details in the trailer that gRPC has for them. */
export function statusOfError(error: unknown): StatusObject {
  const status = statusFromError(error);
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, status)));
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the codes of google.rpc.Status are gRPC's own numbers
  return { code: status.code, details: status.message, metadata };
}
