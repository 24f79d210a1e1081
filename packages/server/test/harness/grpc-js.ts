import { fileURLToPath } from "node:url";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { createRegistry, fromBinary, type Message } from "@bufbuild/protobuf";
import {
  credentials,
  loadPackageDefinition,
  Metadata,
  type CallOptions,
  type ChannelCredentials,
  type Client,
  type ClientOptions,
  type ClientUnaryCall,
  type ServiceError,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { BadRequestSchema, ErrorInfoSchema } from "@interpose/protocol/gen/google/rpc/error_details_pb";
import { StatusSchema } from "@interpose/protocol/gen/google/rpc/status_pb";
import { ErrorDetailSchema } from "@interpose/protocol/gen/zitadel/v1/error_detail_pb";
import { cleanUp, type Cleanup } from "./cleanup.ts";

/** Where our own .proto files and those that they import stand. grpc-js reads them as a stranger would. */
const INCLUDE_DIRS = ["proto", "third_party"].map((name) =>
  fileURLToPath(new URL(`../../../protocol/${name}`, import.meta.url)),
);

const DETAILS = createRegistry(ErrorDetailSchema, BadRequestSchema, ErrorInfoSchema);

/** A client of @grpc/grpc-js for one service, with its methods by name. It is closed after the test. */
export function grpcJsClient(
  t: Cleanup,
  { file, service, address, security = credentials.createInsecure(), options = {} }: GrpcJsClientOptions,
): Client & Readonly<Record<string, any>> {
  const definition = loadSync(file, { includeDirs: INCLUDE_DIRS, longs: String, enums: String, oneofs: true });
  const Constructor = service.split(".").reduce((scope: any, name) => scope[name], loadPackageDefinition(definition));
  const client = new Constructor(address, security, options);
  cleanUp(t, () => client.close());
  return client;
}

/** Which service, read from which file, and where it is. */
export interface GrpcJsClientOptions {
  readonly file: string;
  readonly service: string;
  /** Host and port. */
  readonly address: string;
  readonly security?: ChannelCredentials;
  readonly options?: ClientOptions;
}

/** Metadata with a bearer token. */
export function bearer(token: string, more: Readonly<Record<string, string>> = {}): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  for (const [name, value] of Object.entries(more)) metadata.set(name, value);
  return metadata;
}

/** Makes one call, and answers its response or throws its ServiceError. `started` is given the call, to cancel it. */
export function unary(
  client: Readonly<Record<string, any>>,
  method: string,
  request: unknown,
  {
    metadata = new Metadata(),
    started,
    ...options
  }: CallOptions & { metadata?: Metadata; started?: (call: ClientUnaryCall) => void } = {},
): Promise<any> {
  return new Promise((resolve, reject) => {
    const call = client[method](request, metadata, options, (error: ServiceError | null, response: unknown) =>
      error ? reject(error) : resolve(response),
    );
    started?.(call);
  });
}

/** The ServiceError that a call ends with; fails when it does not. */
export async function serviceError(call: Promise<unknown>): Promise<ServiceError> {
  const outcome = await call.then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );
  if ("error" in outcome && outcome.error instanceof Error && "metadata" in outcome.error)
    return outcome.error as ServiceError;
  throw new Error(`expected a ServiceError, got ${JSON.stringify(outcome)}`);
}

/** The google.rpc.Status in the trailer of an error, with its details by type. */
export function detailsOf(error: ServiceError): {
  readonly code: number;
  readonly message: string;
  readonly details: ReadonlyMap<string, any>;
} {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  if (!(bytes instanceof Uint8Array))
    throw new Error(`there are no details in ${JSON.stringify(error.metadata.getMap())}`);
  const { code, message, details } = fromBinary(StatusSchema, bytes);
  const unpacked = details.map((any) => anyUnpack(any, DETAILS)).filter((each): each is Message => each !== undefined);
  if (unpacked.length !== details.length) throw new Error("there is a detail of an unknown type");
  return { code, message, details: new Map(unpacked.map((each) => [each.$typeName, each])) };
}
