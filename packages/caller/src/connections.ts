import type { Socket } from "node:net";
import { Agent, Client, Pool, type buildConnector, type Dispatcher } from "undici";
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

/** Bounds of all connections. */
export interface ConnectionsOptions {
  readonly connect: buildConnector.connector;
  /** Most connections to one origin. */
  readonly perOrigin: number;
}

/** What undici does by itself is switched off: the one limit of time is the target's own, on the whole exchange, and who reads a reply bounds it. */
const CLIENT_OPTIONS: Client.Options = { headersTimeout: 0, bodyTimeout: 0, maxResponseSize: -1, pipelining: 1 };

/**
 * Connections that are kept, in pools by origin. undici does not say which connection a request goes over; here each of a pool's clients, which has
 * one connection and one request on it at a time, has a connector of its own, which notes what it made on the client's line.
 */
export function createConnections({ connect, perOrigin }: ConnectionsOptions): Agent {
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
