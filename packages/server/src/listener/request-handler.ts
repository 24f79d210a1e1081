import { InterposeError } from "@interpose/engine";
import { errorResponse, protocolOfRequest, type WireProtocol } from "@interpose/protocol";
import type { Authenticate } from "./authentication.ts";
import { createCors } from "./cors.ts";
import { headersFromNode, send, type Answer, type NodeRequest, type NodeResponse } from "./exchange.ts";
import type { RpcHandler } from "./rpc.ts";

/** What stands behind the port. */
export interface RequestHandlerOptions {
  readonly corsOrigins: readonly string[];
  /** Pages that need no caller, such as /healthz, by path. They answer GET and HEAD. */
  readonly pages: ReadonlyMap<string, () => Answer | Promise<Answer>>;
  readonly rpc: ReadonlyMap<string, RpcHandler>;
  readonly rest: (request: NodeRequest, response: NodeResponse) => Promise<Answer>;
  readonly authenticate: Authenticate;
}

/** Hands each request to what answers it: a page, an RPC by its path, or REST; and renders what they refuse. */
export function createRequestHandler(
  options: RequestHandlerOptions,
): (request: NodeRequest, response: NodeResponse) => void {
  const cors = createCors(options.corsOrigins);
  return (request, response) => {
    // An error of the socket has no one left to be told to.
    response.on("error", () => undefined);
    if (cors(request, response)) return;
    const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
    const rpc = options.rpc.get(path);
    if (rpc) {
      void rpc(request, response);
      return;
    }
    const protocol = protocolOfRequest({
      method: request.method ?? "GET",
      contentType: request.headers["content-type"],
      query,
      isRpcPath: false,
    });
    void answer(protocol, path, request, response).then((answered) => send(response, answered));
  };

  async function answer(
    protocol: WireProtocol,
    path: string,
    request: NodeRequest,
    response: NodeResponse,
  ): Promise<Answer> {
    try {
      const page = options.pages.get(path);
      if (page) return await pageAnswer(page, path, request);
      if (protocol === "rest") return await options.rest(request, response);
      await options.authenticate(headersFromNode(request.headers));
      throw new InterposeError(
        "method_not_found",
        `There is no method ${path.slice(0, 200)}. Server reflection lists those that exist.`,
      );
    } catch (error) {
      return errorAnswer(protocol, error, request);
    }
  }
}

async function pageAnswer(
  page: () => Answer | Promise<Answer>,
  path: string,
  { method }: NodeRequest,
): Promise<Answer> {
  if (method === "GET") return page();
  if (method === "HEAD") return { ...(await page()), body: undefined };
  throw new InterposeError("verb_not_allowed", `${method} is not allowed at ${path}. Use GET.`, {
    metadata: { allow: "GET, HEAD" },
  });
}

function errorAnswer(protocol: WireProtocol, error: unknown, request: NodeRequest): Answer {
  const refusal = errorResponse(protocol, error, { contentType: request.headers["content-type"] });
  const allow = error instanceof InterposeError ? error.metadata.allow : undefined;
  const challenge =
    error instanceof InterposeError && error.code === "unauthenticated" ? { "www-authenticate": "Bearer" } : {};
  // The rest of an oversized body is not read: HTTP/1.1 can only go on with a new connection.
  const close =
    error instanceof InterposeError && error.reason === "message_too_large" && request.httpVersionMajor === 1;
  return {
    ...refusal,
    headers: { ...refusal.headers, ...challenge, ...(allow && { allow }), ...(close && { connection: "close" }) },
  };
}
