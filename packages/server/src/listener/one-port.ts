import { createServer as createHttp1Server, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { InterposeError } from "@interpose/engine";
import type { NodeRequest, NodeResponse } from "./exchange.ts";
import { createFront } from "./http-version.ts";
import type { TlsPair } from "./tls-files.ts";

/** Silence after which a connection is asked whether the other side is still there. */
const KEEP_ALIVE_MS = 60_000;

/** Where and how to listen. */
export interface OnePortOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** With it, the port speaks TLS, and ALPN says which HTTP. */
  readonly tls?: TlsPair | undefined;
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
  /** The connections, and the latest answer over HTTP/1.1 that is under way on each. No set of answers: that would let all of them grow old (see the gateway's `StreamTable`). */
  const sockets = new Map<Socket, ServerResponse | undefined>();
  const sessions = new Set<ServerHttp2Session>();
  let draining = false;
  const http1 = createHttp1Server({ keepAliveTimeout: 65_000, requestTimeout: 300_000 }, (request, response) => {
    const { socket } = request;
    sockets.set(socket, response);
    response.once("close", () => void (sockets.get(socket) === response && sockets.set(socket, undefined)));
    if (draining) closeBehind(response);
    options.onRequest(request, response);
  });
  // A session with more streams than this at once is a flood, not a client. 100 is what RFC 9113 asks servers to allow at least.
  const http2 = createHttp2Server({ settings: { maxConcurrentStreams: 250 } }, options.onRequest);
  http2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("error", () => session.destroy());
    if (draining) session.close();
  });
  // The server never listens itself, but keeps its list of connections, with their time limits, from this event on.
  http1.emit("listening");
  // Node would hang up without a word. This is no proxy, whatever the target (RFC 9110, section 9.3.6).
  http1.on("connect", (_request, socket) => {
    socket.end(
      "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE\r\nConnection: close\r\n\r\n",
    );
  });
  // A client that breaks off mid-handshake or sends garbage is its own problem; the server goes on.
  http2.on("sessionError", () => undefined);

  const front = createFront(options.tls, {
    http1: (socket) => void http1.emit("connection", socket),
    http2: (socket) => void http2.emit("connection", socket),
  });
  for (const event of ["connection", "secureConnection"]) {
    front.on(event, (socket: Socket) => {
      sockets.set(socket, undefined);
      // A client that vanished says nothing of it, and a stream that tells it nothing would stay open for ever.
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.once("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
    });
  }
  await new Promise<void>((resolve, reject) => {
    const refused = (error: Error): void => reject(errorFromListen(error, options));
    front.once("error", refused);
    front.listen(options.port, options.host, () => {
      front.off("error", refused);
      resolve();
    });
  });

  return {
    address: front.address() as AddressInfo,
    async drain(timeoutMs) {
      draining = true;
      front.close();
      http1.close();
      for (const response of sockets.values()) if (response) closeBehind(response);
      for (const session of sessions) session.close();
      const ended = await within(
        timeoutMs,
        () => sockets.size === 0,
        () => {
          http1.closeIdleConnections();
          // Browsers and probes open connections and say nothing; Node does not count those as idle.
          for (const socket of sockets.keys()) if (socket.bytesRead === 0) socket.destroy();
        },
      );
      for (const socket of sockets.keys()) socket.destroy();
      return ended;
    },
  };
}

/** Makes an answer the last one on its connection, and says so, while that can still be said. */
function closeBehind(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}

/** What Node says when it cannot listen, as an error that names the setting to change. */
function errorFromListen(error: NodeJS.ErrnoException, { host, port }: OnePortOptions): Error {
  const refused = (text: string): InterposeError => new InterposeError("settings_invalid", text, { cause: error });
  switch (error.code) {
    case "EADDRINUSE":
      return refused(
        `Port ${port} of ${host} is in use by another program. Stop that one, or choose another INTERPOSE_PORT; 0 picks a free one.`,
      );
    case "EACCES":
      return refused(
        `Port ${port} of ${host} may not be listened on by this user. Choose another INTERPOSE_PORT, above 1023.`,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return refused(
        `${host} is no address of this machine. Choose another INTERPOSE_HOST, such as 127.0.0.1 or 0.0.0.0.`,
      );
    default:
      return error;
  }
}

/** Waits until `done`, looking every 20 ms, at most `timeoutMs`. */
async function within(timeoutMs: number, done: () => boolean, each: () => void): Promise<boolean> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    each();
    if (done()) return true;
    if (Date.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
