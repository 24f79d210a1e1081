import type { ConnectionEvents, WiredConnection } from "./connection-events.ts";
import { Connection } from "./connection.ts";
import type { RequestHead } from "./header-fields.ts";
import type { HeaderBlock } from "./hpack/index.ts";
import type { Intercept, InterceptedCall, Interceptor, RelayAnswer } from "./interceptor.ts";
import { DEFAULT_LIMITS, type ConnectionLimits } from "./limits.ts";
import { ERROR_CODE, type ErrorCode } from "./numbers.ts";
import type { Origin } from "./origin.ts";
import { rememberLast } from "./remember-last.ts";
import type { Stream } from "./stream.ts";

/** Why a call could not be relayed. */
export type RelayFailure =
  /** No connection to the upstream could be had. */
  | "unreachable"
  /** The upstream did not take the call, or went away before it answered. */
  | "refused"
  /** The header block is larger than the limit. */
  | "headers_too_large";

/** What the owner of a connection to the upstream is told. */
export interface UpstreamEvents {
  /** See `ConnectionEvents.room`. */
  readonly onRoom: () => void;
  /** It takes no more new calls. */
  readonly onGoaway: () => void;
}

/** What a relay asks of its surroundings. */
export interface RelayOptions {
  /** A connection on which a stream can be begun now. Undefined: there is none at the moment; `begin` or `giveUp` of the call tells how it went on. */
  readonly upstream: (call: RelayedCall) => Connection<RelayedCall> | undefined;
  /** A call is over that was given to `upstream` and has not begun. */
  readonly withdrawn: (call: RelayedCall) => void;
  /** The request as the upstream shall have it. */
  readonly forwarded: (block: HeaderBlock, origin: Origin) => HeaderBlock;
  /** Who stands in the way of a call, if anybody does. Without one, bytes pass as they are. */
  readonly intercept?: Intercept;
  /** What a caller is told whose call could not be relayed. */
  readonly answer: (
    failure: RelayFailure,
    head: RequestHead | undefined,
    block: HeaderBlock | undefined,
  ) => RelayAnswer;
  /** A connection has something to be sent. It is taken when the present work is done, so that what belongs together leaves together. */
  readonly output: (connection: WiredConnection) => void;
  readonly limits?: ConnectionLimits;
}

/**
 * A call on its way through: the stream that the client has begun, and the one that stands for it at the upstream. States: *waiting*, until
 * there is a connection; *relayed*, while bytes pass both ways; *over*, when both streams have ended, or one was reset and the other with it.
 */
export interface RelayedCall {
  readonly client: Stream<RelayedCall>;
  readonly head: RequestHead;
  /** The request as the upstream shall have it. */
  readonly block: HeaderBlock;
  upstream: Stream<RelayedCall> | undefined;
  /** What came of the request before there was a connection. The client gets no credit for it, so it is bounded by the stream's window. */
  waiting:
    | { readonly block: HeaderBlock; endStream: boolean; readonly body: Buffer[]; trailers: HeaderBlock | undefined }
    | undefined;
  /** A final response has begun to reach the client: it can no longer be answered otherwise. */
  answered: boolean;
  /** The upstream's final response has begun. An interceptor may hold it back. */
  responded: boolean;
  interceptor: Interceptor | undefined;
}

/** Relays calls between connections of clients and connections of an upstream. Knows no socket. */
export interface Relay {
  /** The server's side of a new connection of a client. */
  clientConnection(origin: Origin): Connection<RelayedCall>;
  /** The client's side of a new connection to the upstream. */
  upstreamConnection(events: UpstreamEvents): Connection<RelayedCall>;
  /** Begins a call that waited. */
  begin(call: RelayedCall, connection: Connection<RelayedCall>): void;
  /** Answers a call that waited in vain. */
  giveUp(call: RelayedCall, failure: RelayFailure): void;
}

/** A relay. */
export function createRelay(options: RelayOptions): Relay {
  const { limits = DEFAULT_LIMITS } = options;

  /** Sends an answer of ours. What is still to come of the request has no use. */
  function answer(call: { readonly client: Stream<RelayedCall> }, { head, body }: RelayAnswer): void {
    const { client } = call;
    client.connection.sendHeaders(client, head, body === undefined);
    if (body) client.connection.sendData(client, body, 0, body.byteLength, true);
    stopSending(client);
  }

  /** The response is whole: its client need send no more (RFC 9113, section 8.1). While some of the response is held, what comes is only thrown away. */
  function stopSending(client: Stream<RelayedCall>): void {
    if (client.sentEnd) client.connection.reset(client, ERROR_CODE.NO_ERROR);
  }

  function begin(call: RelayedCall, connection: Connection<RelayedCall>): void {
    const { waiting } = call;
    if (!waiting) return;
    call.waiting = undefined;
    const { block, endStream, body, trailers } = waiting;
    const isWhole = endStream && body.length === 0 && !trailers;
    const upstream = connection.open(call, block, isWhole);
    call.upstream = upstream;
    for (const [i, bytes] of body.entries()) {
      const isEnd = endStream && !trailers && i === body.length - 1;
      connection.sendData(upstream, bytes, 0, bytes.byteLength, isEnd);
    }
    if (trailers) connection.sendHeaders(upstream, trailers, true);
  }

  function giveUp(call: RelayedCall, failure: RelayFailure): void {
    call.waiting = undefined;
    call.upstream = undefined;
    call.interceptor?.closed();
    call.interceptor = undefined;
    if (call.answered) call.client.connection.reset(call.client, ERROR_CODE.INTERNAL_ERROR);
    else answer(call, options.answer(failure, call.head, call.block));
  }

  /** Waits for a connection, or takes one at once. */
  function start(call: RelayedCall, block: HeaderBlock, endStream: boolean): void {
    call.waiting = { block, endStream, body: [], trailers: undefined };
    const connection = options.upstream(call);
    if (connection) begin(call, connection);
  }

  function toUpstream(call: RelayedCall, bytes: Buffer, start: number, end: number, endStream: boolean): void {
    const { upstream, waiting } = call;
    if (upstream) upstream.connection.sendData(upstream, bytes, start, end, endStream);
    else if (waiting) {
      if (end > start || endStream) waiting.body.push(Buffer.from(bytes.subarray(start, end)));
      if (endStream) waiting.endStream = true;
    } else call.client.connection.credit(call.client, end - start);
  }

  function trailersToUpstream({ upstream, waiting }: RelayedCall, trailers: HeaderBlock): void {
    if (upstream) upstream.connection.sendHeaders(upstream, trailers, true);
    else if (waiting) {
      waiting.trailers = trailers;
      waiting.endStream = true;
    }
  }

  function toClient({ client }: RelayedCall, bytes: Buffer, start: number, end: number, endStream: boolean): void {
    client.connection.sendData(client, bytes, start, end, endStream);
  }

  /** Ends what there is of a call at the upstream. */
  function abandon(call: RelayedCall): void {
    if (call.waiting) options.withdrawn(call);
    call.waiting = undefined;
    if (call.upstream) call.upstream.connection.reset(call.upstream, ERROR_CODE.CANCEL);
    call.upstream = undefined;
    call.interceptor?.closed();
    call.interceptor = undefined;
  }

  function interceptedCall(call: RelayedCall, origin: Origin): InterceptedCall {
    const { client } = call;
    return {
      head: call.head,
      origin,
      begin: (block) => start(call, block, false),
      sendRequest: (bytes) => toUpstream(call, bytes, 0, bytes.byteLength, false),
      endRequest: (trailers) =>
        trailers ? trailersToUpstream(call, trailers) : toUpstream(call, Buffer.alloc(0), 0, 0, true),
      creditRequest: (bytes) => client.connection.credit(client, bytes),
      sendResponseHead(block, endStream) {
        call.answered = true;
        client.connection.sendHeaders(client, block, endStream);
        if (!call.upstream) stopSending(client);
      },
      sendResponse: (bytes) => toClient(call, bytes, 0, bytes.byteLength, false),
      endResponse(trailers) {
        if (trailers) client.connection.sendHeaders(client, trailers, true);
        else toClient(call, Buffer.alloc(0), 0, 0, true);
        if (!call.upstream) stopSending(client);
      },
      creditResponse: (bytes) => call.upstream?.connection.credit(call.upstream, bytes),
      isAnswered: () => call.answered,
      refuse(given, { body, trailers }) {
        abandon(call);
        if (!call.answered) {
          call.answered = true;
          answer(call, given);
          return;
        }
        if (!body && !trailers) {
          client.connection.reset(client, ERROR_CODE.INTERNAL_ERROR);
          return;
        }
        if (body) client.connection.sendData(client, body, 0, body.byteLength, !trailers);
        if (trailers) client.connection.sendHeaders(client, trailers, true);
        stopSending(client);
      },
    };
  }

  function beginCall(client: Stream<RelayedCall>, block: HeaderBlock, endStream: boolean, origin: Origin): void {
    const head = client.request;
    if (!head) return;
    const call: RelayedCall = {
      client,
      head,
      block,
      upstream: undefined,
      waiting: undefined,
      answered: false,
      responded: false,
      interceptor: undefined,
    };
    client.owner = call;
    const intercepted = options.intercept?.(head, block);
    if (!intercepted) {
      start(call, block, endStream);
      return;
    }
    const interceptor = intercepted(interceptedCall(call, origin));
    call.interceptor = interceptor;
    if (endStream) interceptor.requestEnd(undefined);
    // The upstream hears of the call only when something of it has come, and so cannot ask for it.
    else if (!call.answered && expectsContinue(block)) client.connection.sendHeaders(client, CONTINUE, false);
  }

  function ofClient(origin: Origin): ConnectionEvents<RelayedCall> {
    const forwarded = rememberLast((block: HeaderBlock) => options.forwarded(block, origin));
    return {
      headers(stream, block, endStream) {
        const call = stream.owner;
        if (!call) beginCall(stream, forwarded(block), endStream, origin);
        else if (call.interceptor) call.interceptor.requestEnd(block);
        else trailersToUpstream(call, block);
      },
      ...clientEvents,
    };
  }

  const clientEvents: Omit<ConnectionEvents<RelayedCall>, "headers"> = {
    headersTooLarge: (stream) =>
      answer({ client: stream }, options.answer("headers_too_large", stream.request, undefined)),
    data(stream, bytes, start, end, endStream) {
      const call = stream.owner;
      const interceptor = call?.interceptor;
      if (!interceptor) {
        if (call) toUpstream(call, bytes, start, end, endStream);
        else stream.connection.credit(stream, end - start);
        return;
      }
      interceptor.requestData(bytes, start, end);
      // Unless it has refused the call for these bytes.
      if (endStream && call.interceptor === interceptor) interceptor.requestEnd(undefined);
    },
    sent(stream, bytes) {
      const call = stream.owner;
      if (call?.interceptor) call.interceptor.responseSent(bytes);
      else if (call?.upstream) call.upstream.connection.credit(call.upstream, bytes);
    },
    reset(stream) {
      if (stream.owner) abandon(stream.owner);
    },
    room: () => undefined,
    goaway: () => undefined,
    output: options.output,
  };

  function ofUpstream({ onRoom, onGoaway }: UpstreamEvents): ConnectionEvents<RelayedCall> {
    return {
      headers(stream, block, endStream) {
        const call = stream.owner;
        if (!call) return;
        const { interceptor, client } = call;
        // Interim responses, which come before the one that counts, pass.
        if (interceptor && stream.receivedHeaders) {
          const isTrailers = call.responded;
          call.responded = true;
          if (isTrailers) interceptor.responseEnd(block);
          else interceptor.responseHead(block, endStream);
          return;
        }
        if (stream.receivedHeaders) call.answered = true;
        client.connection.sendHeaders(client, block, endStream);
      },
      headersTooLarge: () => undefined,
      data(stream, bytes, start, end, endStream) {
        const call = stream.owner;
        if (!call) return;
        const { interceptor } = call;
        if (!interceptor) {
          toClient(call, bytes, start, end, endStream);
          return;
        }
        interceptor.responseData(bytes, start, end);
        if (endStream && call.interceptor === interceptor) interceptor.responseEnd(undefined);
      },
      sent(stream, bytes) {
        const call = stream.owner;
        if (call?.interceptor) call.interceptor.requestSent(bytes);
        else if (call) call.client.connection.credit(call.client, bytes);
      },
      reset(stream, code) {
        const call = stream.owner;
        if (call?.upstream !== stream) return;
        call.upstream = undefined;
        // The response is whole, and on its way: the upstream only does not want the rest of the request.
        if (stream.receivedEnd) {
          call.interceptor?.requestUnwanted();
          stopSending(call.client);
          return;
        }
        const { interceptor } = call;
        const isTold = interceptor?.upstreamReset(code) === true;
        interceptor?.closed();
        call.interceptor = undefined;
        if (isTold) return;
        if (!call.answered && isRefusal(code)) answer(call, options.answer("refused", call.head, call.block));
        else {
          const { client } = call;
          const told = code === ERROR_CODE.CONNECT_ERROR ? ERROR_CODE.INTERNAL_ERROR : code;
          // Some servers (Node's among them) end a response with a reset that is no error, in place of END_STREAM: what came before it counts.
          if (code === ERROR_CODE.NO_ERROR) client.connection.resetBehind(client, told);
          else client.connection.reset(client, told);
        }
      },
      room: onRoom,
      goaway: onGoaway,
      output: options.output,
    };
  }

  return {
    clientConnection: (origin) => new Connection("server", ofClient(origin), limits),
    upstreamConnection: (events) => new Connection("client", ofUpstream(events), limits),
    begin,
    giveUp,
  };
}

const CONTINUE: HeaderBlock = { fields: [":status", "100"], neverIndexed: undefined };

/** Whether a client waits with its body until it is asked for it (RFC 9110, section 10.1.1). */
function expectsContinue({ fields }: HeaderBlock): boolean {
  for (let i = 0; i < fields.length; i += 2)
    if (fields[i] === "expect") return fields[i + 1]?.toLowerCase() === "100-continue";
  return false;
}

/** Whether the upstream has not begun with the call, or is gone: its caller can be told so in its own protocol. */
function isRefusal(code: ErrorCode): boolean {
  return code === ERROR_CODE.REFUSED_STREAM || code === ERROR_CODE.CONNECT_ERROR;
}
