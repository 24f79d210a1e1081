import { Metadata, type ServerInterceptingCall, type StatusObject } from "@grpc/grpc-js";
import { toBinary, type Registry } from "@bufbuild/protobuf";
import type { ApiFailure } from "@interpose/engine";
import { encodeGrpcMessage, failureFromStatus, statusFromError, statusFromGrpc } from "@interpose/protocol";
import { StatusSchema } from "@interpose/protocol/gen/google/rpc/status_pb";

/** A status as a service ends a call with it. */
export type StatusOfCall = Parameters<ServerInterceptingCall["sendStatus"]>[0];

/** An error as the end of a gRPC call, with its details in the trailer that gRPC has for them. */
export function statusOfError(error: unknown): StatusObject {
  const status = statusFromError(error);
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, status)));
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the codes of google.rpc.Status are gRPC's own numbers
  return { code: status.code, details: status.message, metadata };
}

/** How a service ends a call, as response targets see it; undefined for a success. `registry`: the service's types. */
export function failureOf({ code, details, metadata }: StatusOfCall, registry: Registry): ApiFailure | undefined {
  const encoded = metadata?.get("grpc-status-details-bin")[0];
  const status = statusFromGrpc({
    status: String(code),
    message: encodeGrpcMessage(details),
    details: encoded === undefined ? undefined : Buffer.from(encoded).toString("base64"),
  });
  return status.code === 0 ? undefined : failureFromStatus(status, registry);
}
