import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { HeaderBlock } from "./relay/hpack/index.ts";
import type { ConnectionEvents } from "./relay/connection-events.ts";
import { Connection } from "./relay/connection.ts";
import { ERROR_CODE } from "./relay/numbers.ts";
import type { Origin, Relay } from "./relay/relay.ts";
import type { Stream } from "./relay/stream.ts";
import type { RelaySockets } from "./relay-sockets.ts";

/** Bytes of a request's body that may wait for the upstream before its sender is paused. */
const MOST_WAITING = 256 * 1024;
/** Fields that speak of one connection of HTTP/1.1, and end with it (RFC 9110, section 7.6.1). `host` becomes `:authority`. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host"]);

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
    sockets.join(ours, theirs);
    connections.set(socket, ours);
    socket.once("close", () => {
      ours.lost();
      theirs.lost();
    });
    return ours;
  }

  return (request, response) => {
    const connection = connectionOf(request.socket);
    const exchange: Exchange = { request, response, waiting: 0, owed: 0 };
    const block = blockOf(request);
    const stream = connection.open(exchange, block, false);
    request.on("data", (chunk: Buffer) => {
      exchange.waiting += chunk.byteLength;
      if (exchange.waiting > MOST_WAITING) request.pause();
      connection.sendData(stream, chunk, 0, chunk.byteLength, false);
    });
    request.on("end", () => {
      const trailers = fieldsOf(request.rawTrailers, []);
      if (trailers.length > 0) connection.sendHeaders(stream, { fields: trailers, neverIndexed: undefined }, true);
      else connection.sendData(stream, Buffer.alloc(0), 0, 0, true);
    });
    response.on("drain", () => giveCredit(stream, exchange));
    response.on("close", () => {
      if (!response.writableFinished) connection.reset(stream, ERROR_CODE.CANCEL);
    });
  };
}

/** Where a client's connection comes from. IPv4 by way of IPv6 is written as what it is. */
export function originOf({ remoteAddress = "" }: Socket): Origin {
  return { address: remoteAddress.replace(/^::ffff:(?=\d+\.)/i, ""), scheme: "http" };
}

const events: Omit<ConnectionEvents<Exchange>, "output"> = {
  headers(stream, { fields }, endStream) {
    const exchange = stream.owner;
    if (!exchange) return;
    const { response } = exchange;
    if (response.headersSent) {
      response.addTrailers(pairsOf(fields));
      response.end();
      return;
    }
    const status = Number(fields[1]);
    if (status < 200) {
      if (status === 103) response.writeEarlyHints(Object.fromEntries(pairsOf(fields.slice(2))));
      return;
    }
    response.writeHead(status, fields.slice(2));
    if (endStream) response.end();
    else response.flushHeaders();
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

/** A request's head as HTTP/2 has it (RFC 9113, section 8.3.1). */
function blockOf({ method = "GET", url = "/", headers, rawHeaders }: IncomingMessage): HeaderBlock {
  const named = (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const fields = [":method", method, ":scheme", "http", ":path", url];
  if (headers.host !== undefined && headers.host !== "") fields.push(":authority", headers.host);
  fields.push(...fieldsOf(rawHeaders, named));
  return { fields, neverIndexed: undefined };
}

/** Fields in lower case, without those of the connection. Of `te`, only "trailers" has a meaning further on. */
function fieldsOf(raw: readonly string[], named: readonly string[]): string[] {
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? "").toLowerCase();
    const value = (raw[i + 1] ?? "").trim();
    if (HOP_BY_HOP.has(name) || (named.includes(name) && name !== "te")) continue;
    if (name === "te") {
      if (/\btrailers\b/i.test(value)) fields.push(name, "trailers");
    } else fields.push(name, value);
  }
  return fields;
}

function pairsOf(fields: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < fields.length; i += 2) pairs.push([fields[i] ?? "", fields[i + 1] ?? ""]);
  return pairs;
}
