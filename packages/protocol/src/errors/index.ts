export { connectErrorDetails, errorMessage, statusFromError } from "./details.ts";
export type { ConnectErrorDetail } from "./details.ts";
export { encodeGrpcMessage, errorResponse } from "./error-response.ts";
export type { ErrorResponse, ErrorResponseContext } from "./error-response.ts";
export { binaryHeader, codeFromNumber, decodeGrpcMessage, detailType, statusFromGrpc } from "./grpc-status.ts";
export type { GrpcTrailers } from "./grpc-status.ts";
export { httpStatus } from "./http-status.ts";
export { protocolOfRequest, serviceOfRpcPath } from "./wire-protocol.ts";
export type { RequestHead, WireProtocol } from "./wire-protocol.ts";
