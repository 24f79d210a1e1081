import type { DescMessage, DescMethod, DescService } from "@bufbuild/protobuf";
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { StatusSchema } from "../gen/google/rpc/status_pb.js";
import { createRoutes } from "../rest/routes.ts";
import { readComments } from "./comments.ts";
import { operationOfConnect, operationOfRoute, type OperationContext } from "./operation.ts";
import { pathOf } from "./path.ts";
import { createSchemas, type JsonSchema } from "./schemas.ts";

/** What a document says of itself, and of what. */
export interface OpenApiOptions {
  readonly title: string;
  readonly version: string;
  /** Files with source info, for the comments of the .proto files. */
  readonly files?: Iterable<FileDescriptorProto>;
  /** What is said of each method behind its comment. */
  readonly note?: (method: DescMethod) => string | undefined;
  /** Members of the document that are added: such as its licence, in `info`, and how callers prove who they are. */
  readonly info?: JsonSchema;
  readonly securitySchemes?: JsonSchema;
  /** Whether unary methods without `google.api.http` options are there too, by `POST /package.Service/Method`, as Connect has them. Default: no. */
  readonly withConnect?: boolean;
  /** What else is answered: operations by path and verb, which may refer to messages. A route of a method comes first. */
  readonly others?: (
    refTo: (message: DescMessage) => JsonSchema,
  ) => Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>;
}

/** Verbs that a path of OpenAPI can have. */
const VERBS = new Set(["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"]);

/**
 * Describes the REST side of services in OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0). It is 3.1 because its schemas are JSON Schema, and because DELETE
 * may have a body in it, as DeleteExecution has. Bindings that cannot be used, or have a verb that OpenAPI does not know, are left out, and so are methods to which clients send a stream.
 */
export function openApiDocument(services: readonly DescService[], options: OpenApiOptions): JsonSchema {
  const { title, version, files = [], note = () => undefined, securitySchemes, withConnect = false } = options;
  const comments = readComments(files);
  const schemas = createSchemas(comments);
  const context: OperationContext = { schemas, comments, note };
  const paths: Record<string, Record<string, JsonSchema>> = {};
  const used = new Map<DescMethod, number>();
  const described = services.filter(({ methods }) => methods.length > 0);
  for (const route of createRoutes(described, { onProblem: () => undefined }).all) {
    if (!VERBS.has(route.verb) || isFedByStream(route.method)) continue;
    const nth = (used.get(route.method) ?? 0) + 1;
    used.set(route.method, nth);
    const path = (paths[pathOf(route)] ??= {});
    path[route.verb.toLowerCase()] ??= operationOfRoute(route, nth, context);
  }
  for (const [path, operations] of Object.entries(options.others?.(schemas.messageRef) ?? {}))
    paths[path] = { ...operations, ...paths[path] };
  if (withConnect) {
    for (const method of described.flatMap(({ methods }) => methods)) {
      if (method.methodKind !== "unary" || used.has(method)) continue;
      paths[`/${method.parent.typeName}/${method.name}`] = { post: operationOfConnect(method, context) };
    }
  }
  const responses = {
    error: answer("The call was refused.", schemas.messageRef(StatusSchema)),
    ...(withConnect && { connectError: answer("The call was refused.", CONNECT_ERROR) }),
  };
  return {
    openapi: "3.1.0",
    info: { title, version, ...options.info },
    ...(securitySchemes && { security: Object.keys(securitySchemes).map((name) => ({ [name]: [] })) }),
    tags: described.map(({ typeName }) => ({ name: typeName, description: comments.get(typeName) ?? "" })),
    paths,
    components: { ...(securitySchemes && { securitySchemes }), responses, schemas: schemas.collected() },
  };
}

function isFedByStream({ methodKind }: DescMethod): boolean {
  return methodKind === "client_streaming" || methodKind === "bidi_streaming";
}

function answer(description: string, schema: JsonSchema): JsonSchema {
  return { description, content: { "application/json": { schema } } };
}

/** https://connectrpc.com/docs/protocol/#error-end-stream */
const CONNECT_ERROR: JsonSchema = {
  type: "object",
  properties: {
    code: { type: "string" },
    message: { type: "string" },
    details: {
      type: "array",
      items: { type: "object", properties: { type: { type: "string" }, value: { type: "string", format: "byte" } } },
    },
  },
  required: ["code"],
};
