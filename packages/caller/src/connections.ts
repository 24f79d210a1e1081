import type { Socket } from "node:net";
import { Agent, Client, Pool, type buildConnector, type Dispatcher } from "undici";
import { createCheckedConnector, createConnector, type ConnectOptions } from "./connect.ts";
import type { ClientCertificate } from "./credentials.ts";
import { createKept } from "./kept.ts";
import { millisecondsBetween } from "./milliseconds.ts";

/** A connection that stands. */
export interface Connection {
  /** Where its socket really leads: `192.0.2.1:443`, `[2001:db8::1]:443`. Undefined if it was lost at once. */
  readonly address: string | undefined;
  /** How long it took to make: to find the name's address, to connect, and to agree on TLS. */
  readonly connectMs: number;
  /** How many requests went over it. */
  requests: number;
}

/** The place of one connection at a time; a lost one is followed by the next. */
export interface Line {
  connection: Connection | undefined;
}

/** A request that is told over which line it goes, before it starts. */
export interface TracedDispatch extends Dispatcher.DispatchOptions {
  readonly traced: { line: Line | undefined };
}

/** How connections are made, and how many. */
export interface ConnectionsOptions extends ConnectOptions {
  /** Authorities that are trusted, as PEM, in place of Node's, where a client certificate is shown. */
  readonly ca?: string | undefined;
  /** Most connections to one origin, with each client certificate and without. */
  readonly perOrigin: number;
}

/** Connections that are kept. */
export interface Connections {
  /**
   * Those that were made with a client certificate, or with none: one that was made with a certificate serves nobody else. Throws a failure `tls` for a certificate
   * that cannot be used.
   */
  of(clientCertificate: ClientCertificate | undefined): Agent;
  /** Ends them all. */
  destroy(): Promise<void>;
}

/** What undici does by itself is switched off: the one limit of time is the target's own, on the whole exchange, and who reads a reply bounds it. */
const CLIENT_OPTIONS: Client.Options = { headersTimeout: 0, bodyTimeout: 0, maxResponseSize: -1, pipelining: 1 };

/** How long the connections of a client certificate are known that nobody uses. They themselves end when they have been idle for some seconds. */
const KEEP_UNUSED_MS = 10 * 60 * 1_000;

/** No connections yet. They are kept in pools by origin, those of each client certificate apart, with TLS sessions of their own. */
export function createConnections({ perOrigin, ca, ...connecting }: ConnectionsOptions): Connections {
  const plain = poolsByOrigin(createCheckedConnector(connecting), perOrigin);
  const withCertificate = createKept({
    make(key) {
      const connect = createConnector(ca, JSON.parse(key) as ClientCertificate);
      return poolsByOrigin(createCheckedConnector({ ...connecting, connect }), perOrigin);
    },
    onDropped: (pools) => void pools.close(),
    keepMs: KEEP_UNUSED_MS,
    now: () => performance.now(),
  });
  return {
    of: (certificate) => (certificate === undefined ? plain : withCertificate.of(JSON.stringify(certificate))),
    async destroy() {
      await Promise.all([plain, ...withCertificate.all()].map((pools) => pools.destroy()));
    },
  };
}

/**
 * Pools by origin. undici does not say which connection a request goes over; here each of a pool's clients, which has
 * one connection and one request on it at a time, has a connector of its own, which notes what it made on the client's line.
 */
function poolsByOrigin(connect: buildConnector.connector, perOrigin: number): Agent {
  const factory = (origin: string | URL): Client => new TracedClient(origin, connect);
  return new Agent({
    factory: (origin) => new Pool(origin, { ...CLIENT_OPTIONS, connect, connections: perOrigin, factory }),
  });
}

class TracedClient extends Client {
  readonly #line: Line;

  constructor(origin: string | URL, connect: buildConnector.connector) {
    const line: Line = { connection: undefined };
    super(origin, { ...CLIENT_OPTIONS, connect: noteOn(line, connect) });
    this.#line = line;
  }

  override dispatch(options: TracedDispatch, handler: Dispatcher.DispatchHandler): boolean {
    options.traced.line = this.#line;
    return super.dispatch(options, handler);
  }
}

function noteOn(line: Line, connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    const began = performance.now();
    connect(options, (...made) => {
      const [, socket] = made;
      if (socket !== null) {
        line.connection = {
          address: addressOf(socket),
          connectMs: millisecondsBetween(began, performance.now()),
          requests: 0,
        };
      }
      callback(...made);
    });
  };
}

function addressOf({ remoteAddress, remotePort }: Socket): string | undefined {
  if (remoteAddress === undefined) return undefined;
  return remoteAddress.includes(":") ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}
