import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { FrameReader } from "../../packages/server/src/hosts/gateway/relay/frame-reader.ts";
import { createHpackDecoder } from "../../packages/server/src/hosts/gateway/relay/hpack/index.ts";
import {
  DEFAULT_WINDOW,
  FLAG,
  FRAME,
  LARGEST_WINDOW,
  MOST_MAX_FRAME,
} from "../../packages/server/src/hosts/gateway/relay/numbers.ts";
import { CLIENT_START, frame, headers, uint32 } from "../../packages/server/test/harness/http2-bytes.ts";
import { grpcMessage } from "./cases.ts";

/** One connection that makes unary gRPC calls of one method. */
export interface LightClient {
  /** Makes one, and returns once it has ended well. */
  call(): Promise<void>;
  close(): void;
}

/**
 * Connects, and makes calls of the same bytes again and again: Node's own client takes several times the time of the gateway for a call, and would be what is measured. Answers are small: no more
 * credit is given than once, for 2 GiB.
 */
export async function connectLightly(url: string, path: string): Promise<LightClient> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, "connect");
  socket.write(
    Buffer.concat([CLIENT_START, frame(FRAME.WINDOW_UPDATE, 0, 0, uint32(LARGEST_WINDOW - DEFAULT_WINDOW))]),
  );
  const bytes = callOf(host, path);
  /** Calls that have not ended, by their streams. */
  const open = new Map<number, PromiseWithResolvers<undefined>>();
  readAnswers(socket, open);
  let nextStream = 1;
  return {
    call() {
      const stream = nextStream;
      nextStream += 2;
      const ended = Promise.withResolvers<undefined>();
      open.set(stream, ended);
      const sent = Buffer.from(bytes.all);
      for (const at of bytes.frames) sent.writeUInt32BE(stream, at + STREAM_ID_AT);
      socket.write(sent);
      return ended.promise;
    },
    close: () => void socket.end(),
  };
}

/** Where a frame's header names its stream. */
const STREAM_ID_AT = 5;

/** A call's frames, and where each begins. */
function callOf(authority: string, path: string): { readonly all: Buffer; readonly frames: readonly number[] } {
  const head = headers(1, [
    ...[":method", "POST", ":scheme", "http", ":path", path, ":authority", authority],
    ...["content-type", "application/grpc", "te", "trailers"],
  ]);
  const data = frame(FRAME.DATA, FLAG.END_STREAM, 1, grpcMessage("what is asked"));
  return { all: Buffer.concat([head, data]), frames: [0, head.byteLength] };
}

function readAnswers(socket: Socket, open: Map<number, PromiseWithResolvers<undefined>>): void {
  const decoder = createHpackDecoder({ maxTableSize: 4_096, maxListSize: 65_536 });
  const fail = (what: string): void => {
    for (const { reject } of open.values()) reject(new Error(what));
    open.clear();
  };
  const reader = new FrameReader(MOST_MAX_FRAME, (type, flags, stream, buffer, start, end) => {
    if (type === FRAME.SETTINGS && (flags & FLAG.ACK) === 0) socket.write(frame(FRAME.SETTINGS, FLAG.ACK, 0));
    if (type === FRAME.PING && (flags & FLAG.ACK) === 0)
      socket.write(frame(FRAME.PING, FLAG.ACK, 0, buffer.subarray(start, end)));
    if (type === FRAME.RST_STREAM || type === FRAME.GOAWAY) fail("a call was reset");
    if (type !== FRAME.HEADERS) return;
    const { fields } = decoder.decode(buffer, start, end);
    if ((flags & FLAG.END_STREAM) === 0) return;
    const status = fields[fields.indexOf("grpc-status") + 1];
    const call = open.get(stream);
    open.delete(stream);
    if (status === "0") call?.resolve(undefined);
    else call?.reject(new Error(`a call ended with the status ${status ?? "that is none"}`));
  });
  socket.on("data", (chunk: Buffer) => reader.read(chunk));
  socket.on("error", (error) => fail(error.message));
  socket.on("close", () => fail("the connection was closed"));
}
