import {
  Agent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type InformationEvent,
} from "node:http";
import type { Socket } from "node:net";
import type { ConnectionEvents } from "../relay/connection-events.ts";
import { Connection } from "../relay/connection.ts";
import type { HeaderBlock } from "../relay/hpack/index.ts";
import { DEFAULT_LIMITS, type ConnectionLimits } from "../relay/limits.ts";
import { ERROR_CODE } from "../relay/numbers.ts";
import { countRead } from "../read-buffers.ts";
import type { Relay, RelayedCall } from "../relay/relay.ts";
import type { Stream } from "../relay/stream.ts";
import type { RelaySockets } from "../relay-sockets.ts";
import { fieldsFromRaw, http1HeadOf, trailersOf } from "./fields.ts";

/** Bytes of a response's body that may wait for the client before its sender is paused. */
const MOST_WAITING = 256 * 1024;
/** How long a connection is kept that nobody uses: less than the 5 seconds after which many servers close theirs. */
const IDLE_MS = 4_000;
/** Methods that ask for nothing to be done (RFC 9110, section 9.2.1). */
const SAFE = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);
/** Nobody but ourselves is on the other side of the connection in memory. */
const UNBOUNDED = { burst: Infinity, perSecond: 0 };

/** What the way to an upstream of HTTP/1.1 needs. */
export interface Http1BackOptions {
  /** Opens a connection. It is ended by who opened it when that takes too long. */
  readonly open: () => Socket;
  /** Host and port of the upstream, for requests that name none. */
  readonly host: string;
  /** Most requests at once, each of which has a connection of its own. */
  readonly maxRequests: number;
  /** A call can perhaps begin that could not before. */
  readonly onRoom: () => void;
  /** A new connection failed, or what came on it was no HTTP/1.1. */
  readonly onFailure: () => void;
}

/** The way to an upstream that speaks HTTP/1.1. */
export interface Http1Back {
  /** The connection on which calls are begun, as on one of HTTP/2. */
  connection(): Connection<RelayedCall>;
  /** Takes no new calls, and closes the connections when those that run have ended. */
  close(): void;
}

/** A call as a request of HTTP/1.1. */
interface Exchange {
  request: ClientRequest | undefined;
  response: IncomingMessage | undefined;
  /** The request's body says where it ends, so that trailers can follow. */
  readonly isChunked: boolean;
  /** The response is whole; some of it may still be on its way to the client. */
  isAnswered: boolean;
  /** Bytes of the request's body that Node has not taken yet. */
  owed: number;
  /** Bytes of the response's body that have not left yet. */
  waiting: number;
}

/**
 * Speaks HTTP/1.1 to an upstream: the relay has one connection of HTTP/2 to it, in memory, on whose other side each stream becomes a request on one of Node's
 * connections, which are kept and used again. There is one way through the gateway then, whatever goes out.
 */
export function createHttp1Back(options: Http1BackOptions, relay: () => Relay, sockets: RelaySockets): Http1Back {
  const agent = Object.assign(new Agent({ keepAlive: true, timeout: IDLE_MS }), { createConnection: options.open });
  const limits: ConnectionLimits = {
    ...DEFAULT_LIMITS,
    maxConcurrentStreams: options.maxRequests,
    resets: UNBOUNDED,
    useless: UNBOUNDED,
  };
  let current: Connection<RelayedCall> | undefined;
  let closed = false;

  function connection(): Connection<RelayedCall> {
    if (current && !current.isDraining) return current;
    const ours = relay().upstreamConnection({
      onRoom() {
        options.onRoom();
        closeWhenDone();
      },
      onGoaway: () => undefined,
    });
    sockets.join(ours, new Connection<Exchange>("server", events, limits));
    current = ours;
    return ours;
  }

  function closeWhenDone(): void {
    if (closed && (current?.size ?? 0) === 0) agent.destroy();
  }

  function begin(stream: Stream<Exchange>, block: HeaderBlock, hasBody: boolean): void {
    const head = http1HeadOf(block, { host: options.host, hasBody });
    if (!head) {
      answer(stream, 400);
      return;
    }
    const { method, path, headers, isChunked } = head;
    const exchange: Exchange = {
      request: undefined,
      response: undefined,
      isChunked,
      isAnswered: false,
      owed: 0,
      waiting: 0,
    };
    stream.owner = exchange;
    const send = (mayRepeat: boolean): void => {
      const request = httpRequest({ agent, method, path, headers, maxHeaderSize: limits.maxHeaderListBytes });
      exchange.request = request;
      follow(stream, exchange, request, mayRepeat ? () => send(false) : undefined);
      if (hasBody) request.flushHeaders();
      else request.end();
    };
    try {
      send(!hasBody && SAFE.has(method));
    } catch {
      // HTTP/2 lets more characters be in a value than HTTP/1.1 does.
      answer(stream, 400);
    }
  }

  /** `repeat`: sends the request once more, where that does no harm. */
  function follow(
    stream: Stream<Exchange>,
    exchange: Exchange,
    request: ClientRequest,
    repeat: (() => void) | undefined,
  ): void {
    let hasFailed = false;
    request.on("drain", () => giveCredit(stream, exchange));
    request.on("information", (event: InformationEvent) => {
      const fields = [
        ":status",
        String(event.statusCode),
        ...fieldsFromRaw(event.rawHeaders, event.headers.connection),
      ];
      stream.connection.sendHeaders(stream, { fields, neverIndexed: undefined }, false);
    });
    request.on("response", (response) => receive(stream, exchange, response));
    request.on("error", () => (hasFailed = true));
    request.on("close", () => {
      if (hasFailed && !exchange.response && !stream.isReset) {
        // The upstream may close a connection that was idle just when we use it again.
        if (request.reusedSocket && repeat) {
          repeat();
          return;
        }
        if (!request.reusedSocket) options.onFailure();
      }
      if (stream.isClosed) return;
      if (exchange.isAnswered) {
        // The answer is whole, and the upstream does not want the rest of the request.
        if (!stream.receivedEnd) stream.connection.resetBehind(stream, ERROR_CODE.NO_ERROR);
      } else stream.connection.reset(stream, exchange.response ? ERROR_CODE.INTERNAL_ERROR : ERROR_CODE.CONNECT_ERROR);
    });
  }

  const events: ConnectionEvents<Exchange> = {
    headers(stream, block, endStream) {
      const exchange = stream.owner;
      if (exchange) endRequest(exchange, block);
      // What we have answered ourselves has no owner; its trailers are of no use.
      else if (!stream.sentEnd) begin(stream, block, !endStream);
    },
    headersTooLarge: (stream) => answer(stream, 431),
    data(stream, bytes, start, end, endStream) {
      const exchange = stream.owner;
      if (!exchange?.request || exchange.request.destroyed) {
        stream.connection.credit(stream, end - start);
        return;
      }
      exchange.owed += end - start;
      if (end > start && exchange.request.write(bytes.subarray(start, end))) giveCredit(stream, exchange);
      if (endStream) exchange.request.end();
    },
    sent({ owner }, bytes) {
      if (!owner) return;
      owner.waiting -= bytes;
      if (owner.waiting <= MOST_WAITING) owner.response?.resume();
    },
    reset: ({ owner }) => void owner?.request?.destroy(),
    room: () => undefined,
    goaway: () => undefined,
    output: sockets.output,
  };

  return {
    connection,
    close() {
      closed = true;
      current?.drain();
      closeWhenDone();
    },
  };
}

function endRequest({ request, isChunked }: Exchange, trailers: HeaderBlock): void {
  try {
    if (isChunked) request?.addTrailers(trailersOf(trailers.fields));
    request?.end();
  } catch {
    // HTTP/2 lets more characters be in a value than HTTP/1.1 does.
    request?.destroy();
  }
}

function giveCredit(stream: Stream<Exchange>, exchange: Exchange): void {
  stream.connection.credit(stream, exchange.owed);
  exchange.owed = 0;
}

/** Hands a response on. One that cannot have a body ends with its head, as callers of gRPC need it. */
function receive(stream: Stream<Exchange>, exchange: Exchange, response: IncomingMessage): void {
  const { statusCode = 0, rawHeaders, headers } = response;
  const { connection } = stream;
  const isWhole =
    stream.request?.method === "HEAD" || statusCode === 204 || statusCode === 304 || headers["content-length"] === "0";
  exchange.response = response;
  exchange.isAnswered = isWhole;
  const fields = [":status", String(statusCode), ...fieldsFromRaw(rawHeaders, headers.connection)];
  connection.sendHeaders(stream, { fields, neverIndexed: undefined }, isWhole);
  // A response that breaks off is followed by the request's end, which tells of it.
  response.on("error", () => undefined);
  response.on("data", (chunk: Buffer) => {
    exchange.waiting += chunk.byteLength;
    if (exchange.waiting > MOST_WAITING) response.pause();
    connection.sendData(stream, chunk, 0, chunk.byteLength, false);
    countRead(chunk);
  });
  response.on("end", () => {
    if (isWhole || !response.complete) return;
    exchange.isAnswered = true;
    const trailers = fieldsFromRaw(response.rawTrailers);
    if (trailers.length > 0) connection.sendHeaders(stream, { fields: trailers, neverIndexed: undefined }, true);
    else connection.sendData(stream, Buffer.alloc(0), 0, 0, true);
  });
}

/** Answers a request that cannot be sent. */
function answer(stream: Stream<Exchange>, status: number): void {
  const fields = [":status", String(status), "content-length", "0"];
  stream.connection.sendHeaders(stream, { fields, neverIndexed: undefined }, true);
}
