import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { JsonObject } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { Metadata } from "@grpc/grpc-js";
import { InterposeError } from "@interpose/engine";
import type { CallerIdentity } from "../../src/hosts/caller-identity.ts";
import { loadDescriptors } from "../../src/hosts/gateway/descriptors/index.ts";
import { startGateway } from "../../src/hosts/gateway/index.ts";
import { interposeInterceptor } from "../../src/hosts/interceptors/connect/index.ts";
import { interposeInterceptor as grpcJsInterceptor } from "../../src/hosts/interceptors/grpc-js/index.ts";
import type { InterceptorHost } from "../../src/hosts/interceptors/interceptor-host.ts";
import { DEFAULT_SHOWN_HEADERS } from "../../src/hosts/shown-headers.ts";
import { cleanUp, type Cleanup } from "../harness/cleanup.ts";
import { fail } from "../harness/fail.ts";
import { BAD_ITEM, SHOP_PROTOS, SHOP_SERVICE, startShop, type Shop } from "../harness/shop.ts";
import type { HostParts } from "./host-parts.ts";
import { INSTANCE_ID, MAX_MESSAGE_BYTES, ORG_HEADER, startOwnApi, USER_HEADER } from "./own-api.ts";
import type { Protocol } from "./protocols.ts";
import { createNotes, SHOP, shopHandlers, type Seen } from "./shop-api.ts";

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
  /** Why clients send it no streams, where they send none. */
  readonly noRequestStreams?: string;
  /** Starts it with the shop behind it. It ends with the test. */
  start(t: Cleanup, parts: HostParts): Promise<RunningShop>;
}

const ownApi: TestHost = {
  name: "the own API",
  protocols: ["gRPC", "gRPC-Web", "Connect with JSON", "Connect with protobuf", "REST"],
  noRequestStreams: "it has no methods to which clients send a stream",
  async start(t, parts) {
    const seen = createNotes();
    const { order, watch } = shopHandlers(seen, ownRefusal);
    const port = await startOwnApi(t, { service: SHOP, handlers: { order, watch } }, parts);
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
