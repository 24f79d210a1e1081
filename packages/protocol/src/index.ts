// From HTTP to messages and back.
export {
  createRoutes,
  createStreamWriter,
  decodeJsonMessage,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  isRawBody,
  refuseStreamOfClient,
  streamError,
  streamForm,
} from "./rest/index.ts";
export type {
  EncodedRequest,
  EncodeRequestOptions,
  EncodeResponseOptions,
  OriginalBody,
  PathVariable,
  RestBody,
  RestRequest,
  Route,
  RouteMatch,
  Routes,
  RoutesOptions,
  StreamForm,
  StreamWriter,
} from "./rest/index.ts";

// CloudEvents over HTTP.
export { readCloudEvents } from "./cloud-events/index.ts";
export type { CloudEvent, CloudEventsRequest, ReadCloudEvents } from "./cloud-events/index.ts";

// Refusals in each protocol.
export {
  codeFromNumber,
  connectEndOfStream,
  connectErrorDetails,
  connectErrorJson,
  encodeGrpcMessage,
  errorMessage,
  errorResponse,
  failureFromError,
  failureFromStatus,
  failureWithHiddenFields,
  grpcTrailers,
  grpcWebTrailers,
  httpStatus,
  protocolOfRequest,
  restErrorFromStatus,
  serviceOfRpcPath,
  statusFromConnectBody,
  statusFromConnectEnd,
  statusFromError,
  statusFromGrpc,
  statusFromRestError,
  trailersFromGrpcWeb,
} from "./errors/index.ts";
export type {
  ConnectErrorDetail,
  ErrorResponse,
  ErrorResponseContext,
  GrpcTrailers,
  RequestHead,
  WireProtocol,
} from "./errors/index.ts";

// How long a caller waits.
export { timeoutOf } from "./timeouts.ts";

// Messages: as the engine sees them, and the rules that they must keep.
export {
  createHiddenFields,
  pathLeadsInto,
  sampleMessage,
  shownDynamic,
  protobufMessage,
  recordableJson,
  unwrap,
  withHiddenFields,
} from "./message/index.ts";
export type { HiddenFields } from "./message/index.ts";
export { createMessageValidator } from "./validation/index.ts";
export type { MessageValidator } from "./validation/index.ts";

// Services: what they demand, and how they are described.
export { accessNote, createReflection, createServiceCatalog, methodRules } from "./services/index.ts";
export type { Access, MethodRules, Reflection, ServiceCatalog } from "./services/index.ts";
export { openApiDocument, readComments } from "./openapi/index.ts";
export type { Comments, OpenApiOptions } from "./openapi/index.ts";
