import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { clientAddress } from "../../../listener/client-address.ts";
import type { ConnectionEvents } from "../relay/connection-events.ts";
import { Connection } from "../relay/connection.ts";
import { ERROR_CODE } from "../relay/numbers.ts";
import type { Origin } from "../relay/origin.ts";
import { countRead } from "../read-buffers.ts";
import type { Relay } from "../relay/relay.ts";
import type { Stream } from "../relay/stream.ts";
import type { RelaySockets } from "../relay-sockets.ts";
import { blockOfRequest, fieldsFromRaw, pairsOf, trailersOf } from "./fields.ts";

/** Bytes of a request's body that may wait for the upstream before its sender is paused. */
const MOST_WAITING = 256 * 1024;

/** A request of HTTP/1.1 on its way: read from, and answered to, Node's server. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Bytes of the request's body that have not left yet. */
  waiting: number;
  /** Bytes of the response's body that Node has not taken yet. */
  owed: number;
}

/**
 * Lets clients of HTTP/1.1 in: each of their connections becomes one of HTTP/2 in memory, and is relayed like any other. There is one way through the gateway
 * then, whatever came in.
 */
export function createHttp1Front(
  relay: Relay,
  sockets: RelaySockets,
): (request: IncomingMessage, response: ServerResponse) => void {
  const connections = new WeakMap<Socket, Connection<Exchange>>();

  function connectionOf(socket: Socket): Connection<Exchange> {
    const known = connections.get(socket);
    if (known && !known.isDraining) return known;
    const ours = new Connection<Exchange>("client", { ...events, output: sockets.output });
    const theirs = relay.clientConnection(originOf(socket));
    socket.once("close", sockets.join(ours, theirs));
    connections.set(socket, ours);
    return ours;
  }

  return (request, response) => {
    const connection = connectionOf(request.socket);
    const exchange: Exchange = { request, response, waiting: 0, owed: 0 };
    const isWhole = !hasBody(request);
    const stream = connection.open(exchange, blockOfRequest(request), isWhole);
    request.on("data", (chunk: Buffer) => {
      exchange.waiting += chunk.byteLength;
      if (exchange.waiting > MOST_WAITING) request.pause();
      connection.sendData(stream, chunk, 0, chunk.byteLength, false);
      countRead(chunk);
    });
    request.on("end", () => {
      if (isWhole) return;
      const trailers = fieldsFromRaw(request.rawTrailers);
      if (trailers.length > 0) connection.sendHeaders(stream, { fields: trailers, neverIndexed: undefined }, true);
      else connection.sendData(stream, Buffer.alloc(0), 0, 0, true);
    });
    response.on("drain", () => giveCredit(stream, exchange));
    response.on("close", () => {
      if (!response.writableFinished) connection.reset(stream, ERROR_CODE.CANCEL);
    });
  };
}

/** Where a client's connection comes from. */
export function originOf(socket: Socket): Origin {
  const scheme = (socket as Partial<TLSSocket>).encrypted === true ? "https" : "http";
  return { address: clientAddress(socket), scheme };
}

/** Whether a body follows the head of a request (RFC 9112, section 6). */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

const events: Omit<ConnectionEvents<Exchange>, "output"> = {
  headers(stream, { fields }, endStream) {
    const exchange = stream.owner;
    if (!exchange) return;
    const { response } = exchange;
    if (response.headersSent) sendTrailers(response, fields);
    else if (Number(fields[1]) < 200) sendInterim(exchange, Number(fields[1]), fields.slice(2));
    else if (!sendHead(response, Number(fields[1]), fields.slice(2), endStream))
      stream.connection.reset(stream, ERROR_CODE.CANCEL);
  },
  headersTooLarge: () => undefined,
  data(stream, bytes, start, end, endStream) {
    const exchange = stream.owner;
    if (!exchange) return;
    const { response } = exchange;
    exchange.owed += end - start;
    if (endStream) response.end(bytes.subarray(start, end));
    else if (response.write(bytes.subarray(start, end))) giveCredit(stream, exchange);
  },
  sent({ owner }, bytes) {
    if (!owner) return;
    owner.waiting -= bytes;
    if (owner.waiting <= MOST_WAITING) owner.request.resume();
  },
  reset({ owner }, code) {
    if (!owner) return;
    const { response } = owner;
    // The answer is whole; only the rest of the request is not wanted.
    if (response.writableEnded) return;
    // What was begun cannot be taken back: that it has not come to its end, HTTP/1.1 tells by the end of the connection.
    if (response.headersSent) response.destroy();
    else response.writeHead(code === ERROR_CODE.PROTOCOL_ERROR ? 400 : 502, { connection: "close" }).end();
  },
  room: () => undefined,
  goaway: () => undefined,
};

function giveCredit(stream: Stream<Exchange>, exchange: Exchange): void {
  stream.connection.credit(stream, exchange.owed);
  exchange.owed = 0;
}

/** Sends the head of a response, in fields of HTTP/2. `endStream`: nothing follows. `false`: that could not be, and 502 was answered. */
export function sendHead(response: ServerResponse, status: number, fields: string[], endStream: boolean): boolean {
  // Trailers follow only a body that is sent in chunks.
  const mayHaveTrailers = !endStream && pairsOf(fields).every(([name]) => name !== "content-length");
  const sent = mayHaveTrailers
    ? fields
    : pairsOf(fields)
        .filter(([name]) => name !== "trailer")
        .flat();
  try {
    response.writeHead(status, sent);
  } catch {
    // HTTP/2 lets more characters be in a value than HTTP/1.1 does.
    response.writeHead(502, { connection: "close" }).end();
    return false;
  }
  if (endStream) response.end();
  else response.flushHeaders();
  return true;
}

function sendTrailers(response: ServerResponse, fields: readonly string[]): void {
  try {
    response.addTrailers(trailersOf(fields));
    response.end();
  } catch {
    response.destroy();
  }
}

/** Sends an interim response (1xx), which HTTP/1.0 does not know. To a request that waits behind others on its connection, only "100 Continue" can be told; the rest is advice. */
export function sendInterim(
  { request, response }: Pick<Exchange, "request" | "response">,
  status: number,
  fields: readonly string[],
): void {
  if (request.httpVersionMinor === 0 || status === 101) return;
  if (status === 100) response.writeContinue();
  else {
    const lines = pairsOf(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Interim"}\r\n${lines.join("")}\r\n`;
    response.socket?.write(head, "latin1");
  }
}
