import { createServer as createNetServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { TlsPair } from "./tls-files.ts";

/** First bytes of an HTTP/2 connection (RFC 9113, section 3.4). They are no HTTP/1.1 request line that anyone sends. */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** A connection that does not say within this time what it speaks is closed. */
const FIRST_BYTES_TIMEOUT_MS = 10_000;

/** What takes a connection over, by the version of HTTP that it speaks. */
export interface HttpVersions {
  readonly http1: (socket: Socket) => void;
  readonly http2: (socket: Socket) => void;
}

/**
 * Takes connections, and hands each on by the HTTP that it speaks: with TLS, ALPN (RFC 7301) tells, without, the first bytes. Errors of a connection
 * destroy it.
 */
export function createFront(tls: TlsPair | undefined, versions: HttpVersions): Server {
  if (!tls) {
    return createNetServer({ noDelay: true }, (socket) => {
      socket.on("error", () => socket.destroy());
      handByFirstBytes(socket, versions);
    });
  }
  const choices = {
    ALPNProtocols: ["h2", "http/1.1"],
    minVersion: "TLSv1.2",
    handshakeTimeout: FIRST_BYTES_TIMEOUT_MS,
    noDelay: true,
  } as const;
  const front = createTlsServer({ ...tls, ...choices }, (socket) => {
    socket.on("error", () => socket.destroy());
    if (socket.alpnProtocol === "h2") {
      versions.http2(socket);
      return;
    }
    versions.http1(socket);
    // Node's parser takes bytes from the socket's handle, and that of TLS goes on giving when the parser has been paused, as it is while the answer before has not left. Then
    // the connection fails (HPE_PAUSED). A listener has the bytes come by the stream, which waits.
    socket.on("data", () => undefined);
  });
  front.on("tlsClientError", (_error, socket) => socket.destroy());
  return front;
}

/**
 * Tells from the first bytes of a connection which HTTP it speaks, and hands it on with all its bytes. This costs nothing per request.
 */
function handByFirstBytes(socket: Socket, { http1, http2 }: HttpVersions): void {
  socket.setTimeout(FIRST_BYTES_TIMEOUT_MS, () => socket.destroy());
  let first = Buffer.alloc(0);
  const decide = (): void => {
    first = Buffer.concat([first, (socket.read() as Buffer | null) ?? Buffer.alloc(0)]);
    // One byte can be enough to tell them apart, but "P" begins both PRI and POST: wait for as much as tells. What was read is kept here:
    // given back too early it would be "readable" again at once, for ever.
    const known = Math.min(first.length, PREFACE.length);
    const mayBeHttp2 = first.subarray(0, known).equals(PREFACE.subarray(0, known));
    if (mayBeHttp2 && first.length < PREFACE.length) {
      socket.once("readable", decide);
      return;
    }
    socket.unshift(first);
    socket.setTimeout(0);
    socket.removeAllListeners("timeout");
    (mayBeHttp2 ? http2 : http1)(socket);
  };
  socket.once("readable", decide);
}
