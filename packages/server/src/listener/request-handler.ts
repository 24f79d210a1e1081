import { InterposeError } from "@interpose/engine";
import { errorResponse, protocolOfRequest, serviceOfRpcPath, type WireProtocol } from "@interpose/protocol";
import type { Authenticate } from "./authentication.ts";
import { createCors } from "./cors.ts";
import { discardRest, headersFromNode, send, type Answer, type NodeRequest, type NodeResponse } from "./exchange.ts";
import { assertHost, targetOf, type RequestTarget } from "./request-target.ts";
import type { RestRequest } from "./rest.ts";
import type { RpcHandler, RpcHandlers } from "./rpc.ts";

/** What stands behind the port. */
export interface RequestHandlerOptions {
  readonly corsOrigins: readonly string[];
  /** Pages that need no caller, such as /healthz, by path. They answer GET and HEAD. */
  readonly pages: ReadonlyMap<string, () => Answer | Promise<Answer>>;
  /** The web console, which needs no caller either. Undefined: the path is none of it. */
  readonly webConsole: (path: string, request: NodeRequest) => (() => Promise<Answer>) | undefined;
  readonly rpc: RpcHandlers;
  /** The RPC of a path of REST whose request is nothing but a message. */
  readonly rpcOfRoute: (verb: string, path: string) => RpcHandler | undefined;
  /** The answer to send, or undefined when it has been sent. */
  readonly rest: (request: RestRequest) => Promise<Answer | undefined>;
  readonly authenticate: Authenticate;
  /** Told of a fault of our own that no call tells of. */
  readonly onFault: (path: string, error: unknown) => void;
}

/**
 * Hands each request to what answers it: a page, an RPC by its path, or REST; and renders what they refuse. But for pages and open RPCs, the caller
 * is proven before anything else is looked at, and what a stranger is told depends on nothing that exists.
 */
export function createRequestHandler(
  options: RequestHandlerOptions,
): (request: NodeRequest, response: NodeResponse) => void {
  const cors = createCors(options.corsOrigins);
  return (request, response) => {
    // An error of the socket has no one left to be told to.
    response.on("error", () => undefined);
    discardRest(request, response);
    if (cors(request, response)) return;
    const target = targetOf(request);
    const protocol = protocolOfRequest({
      method: request.method ?? "GET",
      contentType: request.headers["content-type"],
      query: target.query,
      isRpcPath: serviceOfRpcPath(target.path) !== undefined,
    });
    void answer(request, response, target, protocol)
      .catch((error: unknown) => {
        if (!(error instanceof InterposeError)) options.onFault(target.path, error);
        return errorAnswer(protocol, error, request);
      })
      .then((answered) => {
        if (answered) send(response, answered);
      });
  };

  /** The answer to send, or undefined when it has been sent. */
  async function answer(
    request: NodeRequest,
    response: NodeResponse,
    target: RequestTarget,
    protocol: WireProtocol,
  ): Promise<Answer | undefined> {
    assertHost(target);
    const { path } = target;
    const page = options.pages.get(path) ?? options.webConsole(path, request);
    if (page) return pageAnswer(page, path, request);
    const open = options.rpc.open.get(path);
    if (open && request.method === "POST") return open(request, response, target);
    const headers = headersFromNode(request.headers);
    const caller = await options.authenticate(headers);
    const rpc = options.rpc.proven.get(path);
    if (rpc && request.method === "POST") return rpc(request, response, target, caller);
    if (rpc ?? open) throw wrongVerb(request, path, "POST");
    if (protocol === "rest") return options.rest({ request, response, target, headers, caller });
    // ZITADEL documents the media types of gRPC and gRPC-Web at the paths of REST too: there they mean the same RPC.
    const routed = options.rpcOfRoute(request.method ?? "", path);
    if (routed) return routed(request, response, target, caller);
    throw new InterposeError(
      "method_not_found",
      `There is no method ${path.slice(0, 200)}. Server reflection lists those that exist.`,
    );
  }
}

async function pageAnswer(page: () => Answer | Promise<Answer>, path: string, request: NodeRequest): Promise<Answer> {
  if (request.method === "GET" || request.method === "HEAD") return page();
  throw wrongVerb(request, path, "GET, HEAD");
}

function wrongVerb({ method }: NodeRequest, path: string, allow: string): InterposeError {
  return new InterposeError("verb_not_allowed", `${method} is not allowed at ${path}. Use ${allow}.`, {
    metadata: { allow },
  });
}

function errorAnswer(protocol: WireProtocol, error: unknown, request: NodeRequest): Answer {
  const refusal = errorResponse(protocol, error, { contentType: request.headers["content-type"] });
  const { allow, retryAfterSeconds: wait } = error instanceof InterposeError ? error.metadata : {};
  const challenge =
    error instanceof InterposeError && error.code === "unauthenticated" ? { "www-authenticate": "Bearer" } : {};
  return {
    ...refusal,
    headers: { ...refusal.headers, ...challenge, ...(allow && { allow }), ...(wait && { "retry-after": wait }) },
  };
}
