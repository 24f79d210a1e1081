import type { DescMethod, Message } from "@bufbuild/protobuf";
import {
  ConnectError,
  createConnectRouter,
  createContextValues,
  type ConnectRouter,
  type HandlerContext,
} from "@connectrpc/connect";
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import type { Call, CallProtocol } from "../call.ts";
import type { OwnApi } from "../hosts/own-api/index.ts";
import { callerKey, type Authenticate } from "./authentication.ts";
import { toConnectError } from "./connect-error.ts";
import type { NodeRequest, NodeResponse } from "./exchange.ts";

/** What the RPC protocols need. */
export interface RpcOptions {
  readonly ownApi: OwnApi;
  readonly instanceId: string;
  readonly authenticate: Authenticate;
  readonly maxMessageBytes: number;
  /** Adds services that need no caller and run no executions: health, reflection. */
  readonly open: (router: ConnectRouter) => void;
  /** Carries out a call and tells of its end. */
  readonly observed: (method: string, call: Call, work: () => Promise<Message>) => Promise<Message>;
}

/** The handler of one RPC path, for gRPC, gRPC-Web and Connect. */
export type RpcHandler = (request: NodeRequest, response: NodeResponse) => Promise<void>;

/** Serves the own API's methods over gRPC, gRPC-Web and Connect: a handler for each path "/package.Service/Method". */
export function createRpcHandlers(options: RpcOptions): ReadonlyMap<string, RpcHandler> {
  const { ownApi, authenticate, maxMessageBytes } = options;
  const common = { readMaxBytes: maxMessageBytes, acceptCompression: [compressionGzip] };

  const proven = createConnectRouter({
    ...common,
    // The gate runs before a message is read: who is not proven gets nothing parsed.
    requestGate: async (context) => {
      try {
        context.values.set(callerKey, await authenticate(context.requestHeader));
      } catch (error) {
        throw toConnectError(error);
      }
    },
  });
  for (const [name, method] of ownApi.methods) {
    proven.rpc(method.descriptor, async (request: Message, context: HandlerContext) => {
      const call = callOf(context, options.instanceId);
      try {
        return await options.observed(name, call, () => method.invoke(request, call));
      } catch (error) {
        throw toConnectError(error);
      }
    });
  }
  const open = createConnectRouter(common);
  options.open(open);

  return new Map([...proven.handlers, ...open.handlers].map((handler) => [handler.requestPath, nodeHandler(handler)]));
}

function nodeHandler(handler: UniversalHandler): RpcHandler {
  return async (request, response) => {
    const universal = universalRequestFromNodeRequest(request, response, undefined, createContextValues());
    try {
      await universalResponseToNodeResponse(await handler(universal), response);
    } catch (error) {
      // The answer could not be written: the client is gone, or went away. The call itself has been told of in its own handler.
      if (!(error instanceof ConnectError)) response.destroy();
    }
  };
}

function callOf(context: HandlerContext, instanceId: string): Call {
  const caller = context.values.get(callerKey);
  if (!caller) throw new Error(`a call of ${pathOf(context.method)} came past the gate`);
  return {
    instanceId,
    caller,
    protocol: context.protocolName as CallProtocol,
    headers: context.requestHeader,
    signal: context.signal,
  };
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}
