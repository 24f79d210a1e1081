import type { Socket } from "node:net";

/** First bytes of an HTTP/2 connection (RFC 9113, section 3.4). They are no HTTP/1.1 request line that anyone sends. */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** A connection that does not say within this time what it speaks is closed. */
export const FIRST_BYTES_TIMEOUT_MS = 10_000;

/** What takes a connection over, by the version of HTTP that it speaks. */
export interface HttpVersions {
  readonly http1: (socket: Socket) => void;
  readonly http2: (socket: Socket) => void;
}

/**
 * Tells from the first bytes of a connection which HTTP it speaks, and hands it on with all its bytes. This costs nothing per request. Errors of the socket
 * are for its owner to listen to.
 */
export function handByFirstBytes(socket: Socket, { http1, http2 }: HttpVersions): void {
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
