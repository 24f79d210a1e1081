import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Connection } from "./relay/connection.ts";
import type { Relay, RelayedCall } from "./relay/relay.ts";
import type { RelaySockets } from "./relay-sockets.ts";

/** Where an upstream is, and how much of it is used. */
export interface UpstreamOptions {
  /** Scheme, host and port. */
  readonly url: URL;
  /** Most connections to it. Default: 4. */
  readonly maxConnections: number;
  /** Streams that a connection carries before another one is opened. Default: 64. */
  readonly streamsPerConnection: number;
  /** Longest time of connecting, until the upstream has said that it speaks HTTP/2. Default: 5,000. */
  readonly connectTimeoutMs: number;
  /** Most calls that wait for a connection. More are answered at once. Default: 10,000. */
  readonly maxWaiting: number;
  /** Certificate authorities that are trusted, as PEM, in place of Node's. */
  readonly ca?: string | undefined;
}

/** The connections to an upstream, kept and shared by all clients. */
export interface Upstream {
  /** A connection on which a call can begin now. Undefined: the call waits, until `relay.begin` or `relay.giveUp`. */
  take(call: RelayedCall): Connection<RelayedCall> | undefined;
  /** A call does not wait any more. */
  withdraw(call: RelayedCall): void;
  /** Closes all connections, when their calls have ended. */
  close(): void;
}

const DEFAULTS = { maxConnections: 4, streamsPerConnection: 64, connectTimeoutMs: 5_000, maxWaiting: 10_000 };

/**
 * Keeps connections to an upstream. States of each: *connecting*; *ready*, once the upstream's SETTINGS are there; *leaving*, after its GOAWAY: calls
 * end, and none begins; *gone*. Calls wait while none is ready or all are full, and are answered when connecting fails.
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
  let connecting = 0;
  let closed = false;

  /** The least busy connection that can take a call. */
  function leastBusy(): Connection<RelayedCall> | undefined {
    let best: Connection<RelayedCall> | undefined;
    for (const connection of connections.keys())
      if (connection.canOpen && (!best || connection.size < best.size)) best = connection;
    return best;
  }

  function wantsAnother(best: Connection<RelayedCall> | undefined): boolean {
    if (closed || connecting > 0 || connections.size >= options.maxConnections) return false;
    return !best || best.size >= options.streamsPerConnection;
  }

  function connect(): void {
    connecting++;
    const connection = relay().upstreamConnection({
      onRoom() {
        // Its settings are there: it speaks HTTP/2.
        clearTimeout(timer);
        endWhenDone(connection);
        beginWaiting();
      },
      onGoaway: () => leave(connection),
    });
    const socket = openSocket(options);
    let isReady = false;
    const timer = setTimeout(() => socket.destroy(new Error("connecting took too long")), options.connectTimeoutMs);
    socket.once(options.url.protocol === "https:" ? "secureConnect" : "connect", () => {
      isReady = true;
      connecting--;
      connections.set(connection, socket);
    });
    sockets.bind(socket, connection, () => {
      clearTimeout(timer);
      connections.delete(connection);
      leaving.delete(connection);
      if (!isReady) connecting--;
      // Whoever still waits has a connection to wait for, or is told now.
      if (connections.size === 0 && connecting === 0) giveUpWaiting();
      else beginWaiting();
    });
  }

  function beginWaiting(): void {
    for (const call of waiting) {
      const connection = leastBusy();
      if (!connection) break;
      waiting.delete(call);
      relay().begin(call, connection);
    }
    if (waiting.size > 0 && wantsAnother(undefined)) connect();
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
    close() {
      closed = true;
      giveUpWaiting();
      for (const connection of [...connections.keys()]) {
        connection.drain();
        leave(connection);
      }
    },
  };
}

function openSocket({ url, ca }: UpstreamOptions): Socket {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  if (url.protocol !== "https:") return connectTcp({ host, port, noDelay: true });
  const socket = connectTls({ host, port, servername: host, ALPNProtocols: ["h2"], ...(ca !== undefined && { ca }) });
  socket.setNoDelay(true);
  return socket;
}
