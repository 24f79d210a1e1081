/** A protocol in which a refusal can be written, as far as a request's head tells. */
export type WireProtocol = "grpc" | "grpc-web" | "grpc-web-text" | "connect-unary" | "connect-stream" | "rest";

/** What of a request's head tells its protocol. */
export interface RequestHead {
  readonly method: string;
  readonly contentType: string | undefined;
  /** What stands behind the question mark. */
  readonly query: string;
  /** Whether the path is that of a method, "/package.Service/Method". */
  readonly isRpcPath: boolean;
}

/** The service of an RPC's path, "/package.Service/Method"; of no other path. No path of REST begins with a segment that has a dot. */
export function serviceOfRpcPath(path: string): string | undefined {
  return /^\/([^/]*\.[^/]*)\/[^/]+$/.exec(path)?.[1];
}

/**
 * The protocol that a request speaks: gRPC and gRPC-Web by their content types, Connect by its own, or by JSON and protobuf on the path of a
 * method, where a GET has `connect=v1` in its query. All else is REST.
 */
export function protocolOfRequest({ method, contentType = "", query, isRpcPath }: RequestHead): WireProtocol {
  const type = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (/^application\/grpc-web-text(\+|$)/.test(type)) return "grpc-web-text";
  if (/^application\/grpc-web(\+|$)/.test(type)) return "grpc-web";
  if (/^application\/grpc(\+|$)/.test(type)) return "grpc";
  if (type.startsWith("application/connect+")) return "connect-stream";
  if (type === "application/proto" || (isRpcPath && method === "POST")) return "connect-unary";
  if (isRpcPath && method === "GET" && new URLSearchParams(query).get("connect") === "v1") return "connect-unary";
  return "rest";
}
