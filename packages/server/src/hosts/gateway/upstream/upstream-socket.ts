import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { smallReads } from "./small-reads.ts";

/** Where an upstream is, and whom it is trusted by. */
export interface UpstreamAddress {
  /** Scheme, host and port. */
  readonly url: URL;
  /** Longest time until a connection is there, TLS included. */
  readonly connectTimeoutMs: number;
  /** Certificate authorities that are trusted, as PEM, in place of Node's. */
  readonly ca?: string | undefined;
}

/** Versions of HTTP by their names in TLS (RFC 7301), the one that is liked best first. */
export type HttpProtocols = readonly ("h2" | "http/1.1")[];

/** What is spoken over a connection. */
export interface UpstreamSpoken {
  readonly protocols: HttpProtocols;
  /** Its bytes are read by `data` events alone, and it is never paused. Default: false. */
  readonly isRelayed?: boolean;
}

/**
 * Opens a connection to an upstream, in the clear or over TLS. `onOpen` is called when bytes can be sent, with what TLS has agreed on: null in the clear. A connection that
 * is not there in time is destroyed.
 */
export function openUpstreamSocket(
  { url, connectTimeoutMs, ca }: UpstreamAddress,
  { protocols, isRelayed = false }: UpstreamSpoken,
  onOpen: (protocol: string | false | null) => void = () => undefined,
): Socket {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const isTls = url.protocol === "https:";
  const port = Number(url.port || (isTls ? 443 : 80));
  const socket: Socket | TLSSocket = isTls
    ? connectTls({
        host,
        port,
        // An address is no name that could be asked for (RFC 6066, section 3); the certificate must be for it all the same.
        servername: isIP(host) ? "" : host,
        ALPNProtocols: [...protocols],
        ...(ca !== undefined && { ca }),
      })
    : connectTcp({ host, port, ...(isRelayed && { onread: smallReads((chunk) => void socket.emit("data", chunk)) }) });
  socket.setNoDelay(true);
  const timer = setTimeout(() => socket.destroy(new Error("connecting took too long")), connectTimeoutMs);
  socket.once("close", () => clearTimeout(timer));
  socket.once(isTls ? "secureConnect" : "connect", () => {
    clearTimeout(timer);
    onOpen(isTls ? (socket as TLSSocket).alpnProtocol : null);
  });
  return socket;
}
