import type { DescMethod } from "@bufbuild/protobuf";
import {
  ConnectError,
  createConnectRouter,
  createContextKey,
  createContextValues,
  type ConnectRouter,
  type ContextKey,
  type HandlerContext,
} from "@connectrpc/connect";
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { InterposeError } from "@interpose/engine";
import type { Caller } from "../access/caller.ts";
import type { Call, CallProtocol } from "../call.ts";
import type { Routes } from "@interpose/protocol";
import { callContextOf } from "../hosts/call-context.ts";
import type { OwnApi, OwnMethod } from "../hosts/own-api/index.ts";
import type { CallObserver } from "../observe/calls.ts";
import { callerKey, clientAddressKey } from "./authentication.ts";
import { clientAddress } from "./client-address.ts";
import { connectErrorOfCall } from "./connect-error.ts";
import { bodyOf, type NodeRequest, type NodeResponse } from "./exchange.ts";
import { withPlainGrpcMessage } from "./grpc-message.ts";
import { withGrpcWebText } from "./grpc-web-text.ts";
import type { RequestTarget } from "./request-target.ts";
import { endWithServer } from "./stream-end.ts";

/** What the RPC protocols need. */
export interface RpcOptions {
  readonly ownApi: OwnApi;
  readonly instanceId: string;
  readonly maxMessageBytes: number;
  /** Adds services that need no caller and run no executions: health, reflection. */
  readonly open: (router: ConnectRouter) => void;
  readonly observed: CallObserver;
}

/** Answers a request of one RPC, in gRPC, gRPC-Web or Connect. Throws only before anything is answered. */
export type RpcHandler = (
  request: NodeRequest,
  response: NodeResponse,
  target: RequestTarget,
  caller?: Caller,
) => Promise<undefined>;

/** The handlers of all RPCs, by path "/package.Service/Method". */
export interface RpcHandlers {
  /** Those of the own API, which need a caller who has been proven. */
  readonly proven: ReadonlyMap<string, RpcHandler>;
  /** Those that need none. */
  readonly open: ReadonlyMap<string, RpcHandler>;
}

/** Where the response of Node's is kept that an RPC is answered by. */
const responseKey: ContextKey<NodeResponse | undefined> = createContextKey<NodeResponse | undefined>(undefined);

/** Serves the own API's methods, and the open services, over gRPC, gRPC-Web and Connect. */
export function createRpcHandlers(options: RpcOptions): RpcHandlers {
  const common = { readMaxBytes: options.maxMessageBytes, acceptCompression: [compressionGzip] };
  const proven = createConnectRouter(common);
  for (const [name, method] of options.ownApi.methods) addMethod(proven, name, method, options);
  const open = createConnectRouter(common);
  options.open(open);
  return { proven: byPath(proven), open: byPath(open) };
}

function addMethod(router: ConnectRouter, name: string, method: OwnMethod, options: RpcOptions): void {
  const { instanceId, observed } = options;
  if (method.kind === "unary") {
    router.rpc(method.descriptor, async (request, context) => {
      const call = callOf(context, instanceId);
      try {
        return await observed.unary(name, call, () => method.invoke(request, call));
      } catch (error) {
        throw connectErrorOfCall(error, context.signal);
      }
    });
    return;
  }
  router.rpc(method.descriptor, async function* (request, context) {
    const call = callOf(context, instanceId);
    try {
      const stream = await observed.stream(name, call, () => method.open(request, call));
      const response = context.values.get(responseKey);
      if (response) endWithServer(stream, response);
      yield* stream;
    } catch (error) {
      throw connectErrorOfCall(error, context.signal);
    }
  });
}

function byPath({ handlers }: ConnectRouter): ReadonlyMap<string, RpcHandler> {
  return new Map(handlers.map((handler) => [handler.requestPath, nodeHandler(handler)]));
}

/** The handler of the RPC that a path of REST leads to, where the body is the whole message. */
export function rpcOfRoute(rpc: RpcHandlers, routes: Routes, verb: string, path: string): RpcHandler | undefined {
  const match = routes.match(verb, path);
  if (match.kind !== "found" || match.variables.length > 0 || match.route.body !== "message") return undefined;
  return rpc.proven.get(pathOf(match.route.method));
}

/** Content types of Connect for methods without streams. https://connectrpc.com/docs/protocol/#unary-request */
const CONNECT_UNARY = /^\s*application\/(json|proto)\s*(;|$)/i;

function isStream(method: DescMethod): InterposeError {
  return new InterposeError(
    "bad_request",
    `${pathOf(method)} has a stream of messages. Call it with the content type application/connect+json or application/connect+proto, in gRPC or gRPC-Web, or by its path of REST, if it has one.`,
  );
}

function nodeHandler(handler: UniversalHandler): RpcHandler {
  const handle = withGrpcWebText(withPlainGrpcMessage(handler));
  return async (request, response, { host }, caller) => {
    if (handler.method.methodKind !== "unary" && CONNECT_UNARY.test(request.headers["content-type"] ?? ""))
      throw isStream(handler.method);
    if (host === "") throw new InterposeError("bad_request", "An RPC needs the header Host, or :authority in HTTP/2.");
    const values = createContextValues()
      .set(callerKey, caller)
      .set(clientAddressKey, clientAddress(request.socket))
      .set(responseKey, response);
    const received = universalRequestFromNodeRequest(request, response, undefined, values);
    // In HTTP/2 it is :authority, which is no header to connect-node.
    received.header.set("host", host);
    const universal = {
      ...received,
      // RPCs are POST, whatever verb a path of REST has.
      method: "POST",
      body: bodyOf(request),
    };
    try {
      await universalResponseToNodeResponse(await handle(universal), response);
    } catch (error) {
      // The answer could not be written: the client is gone, or went away. The call itself has been told of in its own handler.
      if (!(error instanceof ConnectError)) response.destroy();
    }
  };
}

function callOf(context: HandlerContext, instanceId: string): Call {
  const caller = context.values.get(callerKey);
  if (!caller) throw new Error(`a call of ${pathOf(context.method)} came without its caller`);
  return {
    instanceId,
    caller,
    protocol: context.protocolName as CallProtocol,
    headers: context.requestHeader,
    clientAddress: context.values.get(clientAddressKey),
    context: callContextOf((name) => context.requestHeader.get(name) ?? undefined),
    signal: context.signal,
  };
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}
