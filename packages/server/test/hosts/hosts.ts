import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { JsonObject } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { Metadata } from "@grpc/grpc-js";
import { InterposeError, type Snapshot } from "@interpose/engine";
import { createRoutes } from "@interpose/protocol";
import type { Call } from "../../src/call.ts";
import type { CallerIdentity } from "../../src/hosts/caller-identity.ts";
import { loadDescriptors } from "../../src/hosts/gateway/descriptors/index.ts";
import { startGateway } from "../../src/hosts/gateway/index.ts";
import { interposeInterceptor } from "../../src/hosts/interceptors/connect/index.ts";
import { interposeInterceptor as grpcJsInterceptor } from "../../src/hosts/interceptors/grpc-js/index.ts";
import type { InterceptorHost } from "../../src/hosts/interceptors/interceptor-host.ts";
import { createOwnApi } from "../../src/hosts/own-api/index.ts";
import type { RunPlan } from "../../src/hosts/run-plan.ts";
import { DEFAULT_SHOWN_HEADERS } from "../../src/hosts/shown-headers.ts";
import { listenOnOnePort } from "../../src/listener/one-port.ts";
import { createRequestHandler } from "../../src/listener/request-handler.ts";
import { answerRest } from "../../src/listener/rest.ts";
import { createRpcHandlers, rpcOfRoute } from "../../src/listener/rpc.ts";
import { cleanUp, type Cleanup } from "../harness/cleanup.ts";
import { BAD_ITEM, SHOP_PROTOS, SHOP_SERVICE, startShop, type Shop } from "../harness/shop.ts";
import type { Protocol } from "./protocols.ts";
import { createNotes, SHOP, shopHandlers, type Seen } from "./shop-api.ts";

/** What runs executions in a host: the part of Interpose that all hosts share. */
export interface HostParts {
  readonly snapshot: () => Snapshot;
  readonly run: RunPlan;
}

/** The shop behind a host, at work. */
export interface RunningShop {
  readonly url: string;
  readonly seen: Seen;
}

/** A host, as the suites see it: the same service, hooked in its way. */
export interface TestHost {
  readonly name: string;
  /** Protocols in which clients can call through it. */
  readonly protocols: readonly Protocol[];
  /** Why it has no streams, where it has none. */
  readonly noStreams?: string;
  /** Starts it with the shop behind it. It ends with the test. */
  start(t: Cleanup, parts: HostParts): Promise<RunningShop>;
}

/** By these headers a caller is known, in each host in its own way. */
const [USER_HEADER, ORG_HEADER] = ["x-test-user", "x-test-org"] as const;
const INSTANCE_ID = "1";
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

const ownApi: TestHost = {
  name: "the own API",
  protocols: ["gRPC", "gRPC-Web", "Connect with JSON", "Connect with protobuf", "REST"],
  noStreams: "its methods are unary, all of them",
  async start(t, { snapshot, run }) {
    const seen = createNotes();
    const service = { ...SHOP, methods: SHOP.methods.filter(({ name }) => name === "Order") };
    const { order } = shopHandlers(seen, ownRefusal);
    const api = createOwnApi({
      services: [{ service, handlers: { order } }],
      rules: () => ({ access: { kind: "authenticated" }, successStatus: 200 }) as never,
      snapshot,
      validate: () => undefined,
      run,
      shownHeaders: DEFAULT_SHOWN_HEADERS,
    });
    const common = { ownApi: api, instanceId: INSTANCE_ID, maxMessageBytes: MAX_MESSAGE_BYTES };
    const observed = (_method: string, _call: Call, work: () => Promise<any>): Promise<any> => work();
    const rpc = createRpcHandlers({ ...common, observed, open: () => undefined });
    const routes = createRoutes([service]);
    const port = await listenOnOnePort({
      host: "127.0.0.1",
      port: 0,
      onRequest: createRequestHandler({
        corsOrigins: [],
        pages: new Map(),
        rpc,
        rpcOfRoute: (verb, path) => rpcOfRoute(rpc, routes, verb, path),
        rest: (request) => answerRest(request, { ...common, routes, observed }),
        authenticate: (headers) =>
          Promise.resolve({
            userId: headers.get(USER_HEADER) ?? "",
            orgId: headers.get(ORG_HEADER) ?? undefined,
            permissions: new Set<string>(),
          }),
        onFault: (_path, error) => fail(error),
      }),
    });
    cleanUp(t, () => port.drain(0));
    return { url: urlOf(port.address.port), seen };
  },
};

const gateway: TestHost = {
  name: "the gateway",
  protocols: ["gRPC", "gRPC-Web", "Connect with JSON", "Connect with protobuf", "REST"],
  async start(t, { snapshot, run }) {
    const shop = await startShop(t);
    const descriptors = await loadDescriptors({ kind: "path", path: SHOP_PROTOS });
    const started = await startGateway({
      listen: { host: "127.0.0.1", port: 0 },
      upstream: { url: new URL(`http://${shop.address}`) },
      speaks: new Set(["grpc"]),
      descriptors: () => descriptors,
      snapshot,
      run,
      callers: {
        proxy: { networks: ["127.0.0.0/8"], headers: { userID: USER_HEADER, orgID: ORG_HEADER } },
        required: false,
      },
      instanceId: INSTANCE_ID,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      onFault: fail,
    });
    cleanUp(t, () => started.drain(0));
    return { url: urlOf(started.address.port), seen: seenBy(shop) };
  },
};

const connectInterceptor: TestHost = {
  name: "the interceptor for connect-es",
  protocols: ["gRPC", "gRPC-Web", "Connect with JSON", "Connect with protobuf"],
  async start(t, parts) {
    const seen = createNotes();
    const server = createHttp2Server(
      connectNodeAdapter({
        routes: (router) => void router.service(SHOP, shopHandlers(seen, connectRefusal)),
        interceptors: [
          interposeInterceptor(
            { host: hostOf(parts) },
            {
              caller: ({ header }) => ({
                userId: header.get(USER_HEADER) ?? undefined,
                orgId: header.get(ORG_HEADER) ?? undefined,
              }),
            },
          ),
        ],
      }),
    );
    return { url: urlOf(await listening(t, server)), seen };
  },
};

const grpcJsHost: TestHost = {
  name: "the interceptor for @grpc/grpc-js",
  protocols: ["gRPC"],
  async start(t, parts) {
    const caller = (metadata: Metadata): CallerIdentity => ({
      userId: metadata.get(USER_HEADER)[0]?.toString(),
      orgId: metadata.get(ORG_HEADER)[0]?.toString(),
    });
    const interceptor = grpcJsInterceptor({ host: hostOf(parts) }, { services: [SHOP_SERVICE], caller });
    const shop = await startShop(t, 0, { interceptors: [interceptor] });
    return { url: `http://${shop.address}`, seen: seenBy(shop) };
  },
};

/** All hosts. What one of them does, all must do. */
export const HOSTS: readonly TestHost[] = [ownApi, gateway, connectInterceptor, grpcJsHost];

function ownRefusal(code: typeof BAD_ITEM.code | "cancelled", text: string): InterposeError {
  const violations = code === BAD_ITEM.code ? BAD_ITEM.details[0].value.fieldViolations : [];
  return new InterposeError("bad_request", text, { code, violations });
}

function connectRefusal(code: typeof BAD_ITEM.code | "cancelled", text: string): ConnectError {
  if (code === "cancelled") return new ConnectError(text, Code.Canceled);
  return new ConnectError(text, Code.FailedPrecondition, undefined, [...BAD_ITEM.details]);
}

/** A fault of ours fails the test process, whatever else comes of it. */
function fail(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

function hostOf({ snapshot, run }: HostParts): InterceptorHost {
  return { instanceId: INSTANCE_ID, snapshot, run, shownHeaders: DEFAULT_SHOWN_HEADERS, learn: () => undefined };
}

/** What the shop of @grpc/grpc-js has seen, as canonical JSON has it: without zero values. */
function seenBy(shop: Shop): Seen {
  return {
    get messages() {
      return shop.seen.map(({ message }) =>
        Object.fromEntries(Object.entries(message as JsonObject).filter(([, value]) => value !== "" && value !== 0)),
      );
    },
    cancelled: shop.cancelled,
    forget() {
      shop.seen.splice(0);
      shop.cancelled.splice(0);
    },
  };
}

async function listening(t: Cleanup, server: Http2Server): Promise<number> {
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => sessions.add(session));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp(t, () => {
    for (const session of sessions) session.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}
