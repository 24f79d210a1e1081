import { createServer as createHttp1Server, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Server, Socket } from "node:net";
import type { Snapshot } from "@interpose/engine";
import { createCallerIdentification, type CallerSettings } from "../caller-identity.ts";
import type { RunPlan } from "../run-plan.ts";
import { DEFAULT_SHOWN_HEADERS } from "../shown-headers.ts";
import type { Descriptors } from "./descriptors/index.ts";
import { createFront } from "../../listener/http-version.ts";
import type { TlsPair } from "../../listener/tls-files.ts";
import { forwardedRequest } from "./forwarded.ts";
import { createCors } from "./calls/cors.ts";
import { createUpgrades } from "./http1/upgrade.ts";
import { createHooks } from "./calls/hooks.ts";
import type { Spoken } from "./protocols/index.ts";
import { createHttp1Front, originOf } from "./http1/front.ts";
import { createOpenApi } from "./known-api/openapi.ts";
import { answerOfFailure } from "./calls/outcome.ts";
import { fieldOf } from "./protocols/fields.ts";
import { createRelaySockets } from "./relay-sockets.ts";
import type { HeaderBlock } from "./relay/hpack/index.ts";
import type { Origin } from "./relay/origin.ts";
import { DEFAULT_LIMITS } from "./relay/limits.ts";
import { createRelay, type Relay } from "./relay/relay.ts";
import { createUpstream, type UpstreamOptions } from "./upstream/upstream.ts";

const MOST_HELD = 256 * 1024 * 1024;

/** A gateway before one API. */
export interface GatewayOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** With it, clients are spoken to over TLS. */
  readonly tls?: TlsPair | undefined;
  readonly upstream: Partial<UpstreamOptions> & Pick<UpstreamOptions, "url">;
  readonly descriptors: () => Descriptors;
  readonly snapshot: () => Snapshot;
  readonly run: RunPlan;
  readonly instanceId: string;
  /** Protocols that the upstream understands. Calls in another one are translated to gRPC. */
  readonly speaks: ReadonlySet<Spoken>;
  /** Origins of pages that may call in a protocol which the upstream does not understand; "*" stands for all. */
  readonly corsAllowedOrigins?: readonly string[] | undefined;
  /** Whether the API is described at `/openapi.json`. Default: the path is the API's own. */
  readonly openApi?: boolean | undefined;
  /** Longest message that is looked at. */
  readonly maxMessageBytes: number;
  /** Most bytes of messages that are looked at, in all calls together. Default: 256 MiB. */
  readonly maxHeldBytes?: number | undefined;
  /** By what callers are known. Default: nobody is. */
  readonly callers?: CallerSettings | undefined;
  /** Told why a caller's token proves nobody. */
  readonly onTokenRefused?: ((reason: string) => void) | undefined;
  /** Headers that targets are shown. Default: those that ZITADEL shows. */
  readonly shownHeaders?: readonly string[] | undefined;
  /** Told of a fault of ours; the connection that met it is ended. */
  readonly onFault: (error: unknown) => void;
}

/** A gateway that is listened on. */
export interface Gateway {
  readonly address: AddressInfo;
  /** Takes no new calls, lets those that run end, and cuts off what is left after `timeoutMs`. Answers whether all ended by themselves. */
  drain(timeoutMs: number): Promise<boolean>;
}

/**
 * Serves an API in front of its upstream, over HTTP/2 and HTTP/1.1 on either side. What no execution hooks is relayed frame by frame, without being parsed; of what is hooked, each message is
 * looked at on its way.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { callers, shownHeaders = DEFAULT_SHOWN_HEADERS, onTokenRefused = () => undefined } = options;
  const sockets = createRelaySockets(options.onFault);
  const upstreamScheme = options.upstream.url.protocol === "https:" ? "https" : "http";
  const upstream = createUpstream(options.upstream, (): Relay => relay, sockets);
  const cors = createCors(options.corsAllowedOrigins ?? []);
  const forwarded = (block: HeaderBlock, origin: Origin): HeaderBlock =>
    forwardedRequest(block, origin, upstreamScheme);
  const intercept = createHooks({
    ...options,
    maxHeldBytes: options.maxHeldBytes ?? MOST_HELD,
    cors,
    page: options.openApi ? createOpenApi(options.descriptors) : undefined,
    shownHeaders,
    identify: callers && createCallerIdentification(callers, onTokenRefused),
    callerRequired: callers?.required ?? false,
  });
  const relay = createRelay({
    upstream: upstream.take,
    withdrawn: upstream.withdraw,
    forwarded,
    intercept,
    answer(failure, head, block) {
      const answer = answerOfFailure(failure, head, block && fieldOf(block, "content-type"));
      return cors && block ? { ...answer, head: cors.readable(block, answer.head) } : answer;
    },
    output: sockets.output,
  });

  const clients = new Map<Socket, ReturnType<Relay["clientConnection"]>>();
  const http1Front = createHttp1Front(relay, sockets);
  /** How many answers over HTTP/1.1 are under way. Not a set of them: see `StreamTable`. */
  let answering = 0;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    answering++;
    response.once("close", () => answering--);
    http1Front(request, response);
  };
  const upgrades = createUpgrades({
    ordinary: answer,
    speaksHttp1: upstream.speaksHttp1,
    open: upstream.openHttp1,
    host: options.upstream.url.host,
    forwarded,
    isIntercepted: (head, block) => intercept(head, block) !== undefined,
    unreachable: (head, block) => answerOfFailure("unreachable", head, fieldOf(block, "content-type")),
  });
  const http1 = createHttp1Server(
    {
      keepAliveTimeout: 65_000,
      requestTimeout: 0,
      maxHeaderSize: DEFAULT_LIMITS.maxHeaderListBytes,
      shouldUpgradeCallback: upgrades.isWanted,
    },
    answer,
  );
  http1.on("upgrade", upgrades.take);
  // Whether to go on is for the API to say.
  http1.on("checkContinue", answer);
  http1.on("connect", (_request, socket) =>
    socket.end("HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
  );
  http1.on("clientError", (_error, socket) => socket.destroy());
  // The server never listens itself, but keeps its list of connections, with their time limits, from this event on.
  http1.emit("listening");
  const server = createFront(options.tls, {
    http1: (socket) => void http1.emit("connection", socket),
    http2(socket) {
      const connection = relay.clientConnection(originOf(socket));
      clients.set(socket, connection);
      sockets.bind(socket, connection, () => clients.delete(socket));
    },
  });
  await listening(server, options.listen);

  return {
    address: server.address() as AddressInfo,
    async drain(timeoutMs) {
      server.close();
      http1.close();
      http1.closeIdleConnections();
      for (const connection of clients.values()) connection.drain();
      const until = Date.now() + timeoutMs;
      const isBusy = (): boolean =>
        answering > 0 ||
        upgrades.size > 0 ||
        // What was written last may still wait for the end of its turn.
        [...clients.values()].some(({ size, output }) => size > 0 || output.length > 0);
      while (isBusy() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
      const ended = !isBusy();
      for (const socket of clients.keys()) socket.destroy();
      http1.closeAllConnections();
      upgrades.destroy();
      upstream.close();
      return ended;
    },
  };
}

function listening(server: Server, { host, port }: GatewayOptions["listen"]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
