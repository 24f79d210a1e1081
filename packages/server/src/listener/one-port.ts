import { createServer as createHttp1Server, type Server as Http1Server } from "node:http";
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Session } from "node:http2";
import { createServer as createNetServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { NodeRequest, NodeResponse } from "./exchange.ts";

/** First bytes of an HTTP/2 connection (RFC 9113, section 3.4). They are no HTTP/1.1 request line that anyone sends. */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** A connection that does not say within this time what it speaks is closed. */
const FIRST_BYTES_TIMEOUT_MS = 10_000;

/** Where and how to listen. */
export interface OnePortOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Certificate chain and key as PEM. With them, the port speaks TLS, and ALPN says which HTTP. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly onRequest: (request: NodeRequest, response: NodeResponse) => void;
}

/** A port that is listened on. */
export interface OnePort {
  readonly address: AddressInfo;
  /**
   * Takes no new connections, lets running exchanges end, and closes what is left after `timeoutMs`.
   * Answers whether everything ended by itself.
   */
  drain(timeoutMs: number): Promise<boolean>;
}

/**
 * Serves HTTP/1.1 and HTTP/2 on one port. Without TLS, the first bytes of a connection tell which of the two it speaks, and the socket
 * is handed to that server; with TLS, ALPN (RFC 7301) tells. Neither costs anything per request.
 */
export async function listenOnOnePort(options: OnePortOptions): Promise<OnePort> {
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const http1 = createHttp1Server({ keepAliveTimeout: 65_000, requestTimeout: 300_000 }, options.onRequest);
  // A session with more streams than this at once is a flood, not a client. 100 is what RFC 9113 asks servers to allow at least.
  const http2 = createHttp2Server({ settings: { maxConcurrentStreams: 250 } }, options.onRequest);
  http2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("error", () => session.destroy());
  });
  // The server never listens itself, but keeps its list of connections, with their time limits, from this event on.
  http1.emit("listening");
  // A client that breaks off mid-handshake or sends garbage is its own problem; the server goes on.
  http1.on("clientError", (_error, socket) => socket.destroy());
  http2.on("sessionError", () => undefined);

  const front = options.tls ? tlsFront(options.tls, http1, http2) : plainFront(http1, http2);
  front.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    front.once("error", reject);
    front.listen(options.port, options.host, () => {
      front.off("error", reject);
      resolve();
    });
  });

  return {
    address: front.address() as AddressInfo,
    async drain(timeoutMs) {
      front.close();
      // HTTP/1.1: an answer under way says "connection: close" by itself once the server closes; idle connections end now.
      http1.close();
      http1.closeIdleConnections();
      for (const session of sessions) session.close();
      const ended = await within(
        timeoutMs,
        () => sockets.size === 0,
        () => http1.closeIdleConnections(),
      );
      for (const socket of sockets) socket.destroy();
      return ended;
    },
  };
}

function plainFront(http1: Http1Server, http2: Http2Server): Server {
  // Paused until the first bytes are there: they must reach the server that the socket is handed to.
  return createNetServer({ noDelay: true }, (socket) => {
    socket.setTimeout(FIRST_BYTES_TIMEOUT_MS, () => socket.destroy());
    const decide = (): void => {
      const first = socket.read() as Buffer | null;
      if (!first) {
        socket.once("readable", decide);
        return;
      }
      socket.unshift(first);
      // One byte can be enough to tell them apart, but "P" begins both PRI and POST: wait for as much as tells.
      const known = Math.min(first.length, PREFACE.length);
      const mayBeHttp2 = first.subarray(0, known).equals(PREFACE.subarray(0, known));
      if (mayBeHttp2 && first.length < PREFACE.length) {
        socket.once("readable", decide);
        return;
      }
      socket.setTimeout(0);
      socket.removeAllListeners("timeout");
      (mayBeHttp2 ? http2 : http1).emit("connection", socket);
    };
    socket.once("readable", decide);
  });
}

function tlsFront(tls: { cert: Buffer; key: Buffer }, http1: Http1Server, http2: Http2Server): Server {
  const front = createTlsServer({ ...tls, ALPNProtocols: ["h2", "http/1.1"], minVersion: "TLSv1.2" }, (socket) => {
    (socket.alpnProtocol === "h2" ? http2 : http1).emit("connection", socket);
  });
  front.on("tlsClientError", (_error, socket) => socket.destroy());
  return front;
}

/** Waits until `done`, looking every 20 ms, at most `timeoutMs`. */
async function within(timeoutMs: number, done: () => boolean, each: () => void): Promise<boolean> {
  const until = Date.now() + timeoutMs;
  while (!done()) {
    if (Date.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
    each();
  }
  return true;
}
