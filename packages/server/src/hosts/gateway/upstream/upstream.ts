import type { Socket } from "node:net";
import { createHttp1Back } from "../http1/back.ts";
import type { Connection } from "../relay/connection.ts";
import type { Relay, RelayedCall } from "../relay/relay.ts";
import type { RelaySockets } from "../relay-sockets.ts";
import { openUpstreamSocket, type HttpProtocols, type UpstreamAddress } from "./upstream-socket.ts";

/** Where an upstream is, what it speaks, and how much of it is used. */
export interface UpstreamOptions extends UpstreamAddress {
  /**
   * Version of HTTP that is spoken. Default: `auto`, by ALPN over TLS; in the clear HTTP/2 is tried, and an upstream that does not answer in it is spoken to in HTTP/1.1 from then on,
   * until a connection fails.
   */
  readonly http: "auto" | "1.1" | "2";
  /** Connections of HTTP/2 among which calls are spread. More are opened only where these are full by what the upstream allows. Default: 4. */
  readonly connections: number;
  /** Streams that a connection of HTTP/2 carries before another one is opened. Default: 64. */
  readonly streamsPerConnection: number;
  /** Most connections of HTTP/2. Default: 256. */
  readonly maxConnections: number;
  /** Most requests of HTTP/1.1 at once, each on a connection of its own. Default: 10,000. */
  readonly maxHttp1Requests: number;
  /** Longest time of connecting, until the upstream has said that it speaks HTTP/2. Default: 5,000. */
  readonly connectTimeoutMs: number;
  /** Most calls that wait for a connection. More are answered at once. Default: 10,000. */
  readonly maxWaiting: number;
}

/** The connections to an upstream, kept and shared by all clients. */
export interface Upstream {
  /** A connection on which a call can begin now. Undefined: the call waits, until `relay.begin` or `relay.giveUp`. */
  take(call: RelayedCall): Connection<RelayedCall> | undefined;
  /** A call does not wait any more. */
  withdraw(call: RelayedCall): void;
  /** Whether the upstream speaks HTTP/1.1, as far as can be said: it is asked where nothing is known. */
  speaksHttp1(): Promise<boolean>;
  /** Opens a connection for HTTP/1.1 beside the others. */
  openHttp1(): Socket;
  /** Closes all connections, when their calls have ended. */
  close(): void;
}

const DEFAULTS = {
  http: "auto",
  connections: 4,
  streamsPerConnection: 64,
  maxConnections: 256,
  maxHttp1Requests: 10_000,
  connectTimeoutMs: 5_000,
  maxWaiting: 10_000,
} as const;

/**
 * Keeps connections to an upstream. States of each of HTTP/2: *connecting*; *ready*, once the upstream's SETTINGS are there; *leaving*, after its GOAWAY: calls
 * end, and none begins; *gone*. Calls wait while none is ready or all are full, and are answered when connecting fails. Where the upstream turns out to speak HTTP/1.1, they go that way.
 */
export function createUpstream(
  given: Partial<UpstreamOptions> & Pick<UpstreamOptions, "url">,
  relay: () => Relay,
  sockets: RelaySockets,
): Upstream {
  const options: UpstreamOptions = { ...DEFAULTS, ...given };
  const connections = new Map<Connection<RelayedCall>, Socket>();
  const leaving = new Map<Connection<RelayedCall>, Socket>();
  const waiting = new Set<RelayedCall>();
  /** Who wants to know how the attempt to connect ends that is under way. */
  let asking: (() => void)[] = [];
  let connecting = 0;
  let closed = false;
  let version: "1.1" | "2" = options.http === "1.1" ? "1.1" : "2";
  const openHttp1 = (): Socket => openUpstreamSocket(options, { protocols: ["http/1.1"] });
  const http1 = createHttp1Back(
    {
      open: openHttp1,
      host: options.url.host,
      maxRequests: options.maxHttp1Requests,
      onRoom: beginWaiting,
      onFailure() {
        // Perhaps it was replaced by one that speaks another version: the next call finds out.
        if (options.http === "auto") version = "2";
      },
    },
    relay,
    sockets,
  );

  /** The least busy connection that can take a call. */
  function leastBusy(): Connection<RelayedCall> | undefined {
    if (version === "1.1") {
      const connection = http1.connection();
      return connection.canOpen ? connection : undefined;
    }
    let best: Connection<RelayedCall> | undefined;
    for (const connection of connections.keys())
      if (connection.canOpen && (!best || connection.size < best.size)) best = connection;
    return best;
  }

  function wantsAnother(best: Connection<RelayedCall> | undefined): boolean {
    if (closed || connecting > 0 || version === "1.1") return false;
    if (!best) return connections.size < options.maxConnections;
    return best.size >= options.streamsPerConnection && connections.size < options.connections;
  }

  function connect(): void {
    connecting++;
    let isOpen = false;
    let isReady = false;
    let tookTooLong = false;
    let timer: NodeJS.Timeout | undefined;
    const connection = relay().upstreamConnection({
      onRoom() {
        if (!isReady) becomeReady();
        endWhenDone(connection);
        beginWaiting();
      },
      onGoaway: () => leave(connection),
    });
    const protocols: HttpProtocols = options.http === "2" ? ["h2"] : ["h2", "http/1.1"];
    const socket = openUpstreamSocket(options, { protocols, isRelayed: true }, (protocol) => {
      isOpen = true;
      if (closed || (options.http === "auto" && protocol !== null && protocol !== "h2")) {
        socket.destroy();
        return;
      }
      timer = setTimeout(() => {
        tookTooLong = !connection.error;
        socket.destroy();
      }, options.connectTimeoutMs);
      sockets.bind(socket, connection, () => undefined);
      // Nothing more comes of a connection that begins with something else than HTTP/2.
      socket.once("data", () => void (connection.error && socket.destroy()));
    });

    /** Its settings are there: it speaks HTTP/2. */
    function becomeReady(): void {
      isReady = true;
      connecting--;
      clearTimeout(timer);
      connections.set(connection, socket);
      if (closed) leave(connection);
      answerAsking();
    }

    socket.on("error", () => undefined);
    socket.once("close", () => {
      clearTimeout(timer);
      connections.delete(connection);
      leaving.delete(connection);
      if (!isReady) connecting--;
      const answersOtherwise = isOpen && !isReady && !tookTooLong && !closed;
      if (options.http === "auto" && answersOtherwise && connections.size === 0) version = "1.1";
      answerAsking();
      // Whoever still waits has a connection to wait for, or is told now.
      if (version === "2" && connections.size === 0 && connecting === 0) giveUpWaiting();
      else beginWaiting({ mayConnect: isReady });
    });
  }

  function answerAsking(): void {
    const told = asking;
    asking = [];
    for (const tell of told) tell();
  }

  /** `mayConnect`: opens another connection for those for whom there is no room. Not right after that has failed. */
  function beginWaiting({ mayConnect } = { mayConnect: true }): void {
    for (const call of waiting) {
      const connection = leastBusy();
      if (!connection) break;
      waiting.delete(call);
      relay().begin(call, connection);
    }
    if (mayConnect && waiting.size > 0 && wantsAnother(undefined)) connect();
  }

  function giveUpWaiting(): void {
    for (const call of waiting) {
      waiting.delete(call);
      relay().giveUp(call, "unreachable");
    }
  }

  /** Keeps a connection only for the calls that it has. */
  function leave(connection: Connection<RelayedCall>): void {
    const socket = connections.get(connection);
    if (!socket || !connections.delete(connection)) return;
    leaving.set(connection, socket);
    endWhenDone(connection);
  }

  function endWhenDone(connection: Connection<RelayedCall>): void {
    if (connection.size === 0) leaving.get(connection)?.end();
  }

  return {
    take(call) {
      const best = leastBusy();
      if (wantsAnother(best)) connect();
      if (best) return best;
      if (closed || waiting.size >= options.maxWaiting) relay().giveUp(call, "unreachable");
      else waiting.add(call);
      return undefined;
    },
    withdraw: (call) => void waiting.delete(call),
    async speaksHttp1() {
      const isKnown = options.http !== "auto" || version === "1.1" || connections.size > 0;
      if (!isKnown && !closed) {
        const asked = new Promise<void>((resolve) => asking.push(resolve));
        if (wantsAnother(undefined)) connect();
        await asked;
      }
      return version === "1.1";
    },
    openHttp1,
    close() {
      closed = true;
      giveUpWaiting();
      for (const connection of [...connections.keys()]) {
        connection.drain();
        leave(connection);
      }
      http1.close();
    },
  };
}
