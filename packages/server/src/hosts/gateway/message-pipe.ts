import { InterposeError } from "@interpose/engine";
import { messageTooLarge, PREFIX_BYTES, type GrpcMessage } from "./grpc-messages.ts";

/** What a pipe of messages needs. */
export interface MessagePipeOptions {
  /** Longest message, in bytes, as it is on the wire. */
  readonly maxMessageBytes: number;
  /** What goes on in the place of a message, with its prefix. The next one is asked for when this one has left. */
  readonly change: (message: GrpcMessage) => Promise<Buffer>;
  /** Sends bytes on. `sent` of the pipe is to be called when they have left. */
  readonly send: (bytes: Buffer) => void;
  /** The last message has left, and the body has ended. */
  readonly end: () => void;
  /** Lets the sender send that many bytes more. */
  readonly credit: (bytes: number) => void;
  /** The body is over before its end: a message was refused, or is none. Nothing else is called behind it. */
  readonly fail: (error: unknown) => void;
}

/** One direction of a call whose messages are looked at, one after another, in order. */
export interface MessagePipe {
  /** Bytes have come. They are copied. */
  data(bytes: Buffer, start: number, end: number): void;
  /** The body has ended. */
  finish(): void;
  /** Bytes that were given to `send` have left. */
  sent(bytes: number): void;
  /** Stops; nothing is called any more. */
  stop(): void;
}

/**
 * Cuts a body into messages and passes each on when it was looked at. States: *collecting* a message, for which its sender gets credit as it comes;
 * *changing* it, and then *sending* it until it has left: meanwhile nobody gets credit, so a slow target or receiver slows the sender, and what is held is
 * never more than one message and a window; *over*.
 */
export function createMessagePipe(options: MessagePipeOptions): MessagePipe {
  const chunks: Buffer[] = [];
  let held = 0;
  let uncredited = 0;
  let unsent = 0;
  let isChanging = false;
  let isFinished = false;
  let isOver = false;

  function advance(): void {
    if (isOver || isChanging || unsent > 0) return;
    let message: GrpcMessage | undefined;
    try {
      message = takeMessage();
    } catch (error) {
      fail(error);
      return;
    }
    if (message) {
      isChanging = true;
      options.change(message).then(changed, fail);
    } else if (!isFinished) giveCredit();
    else if (held > 0) fail(new InterposeError("bad_request", "The body ends within a message."));
    else {
      isOver = true;
      options.end();
    }
  }

  function changed(bytes: Buffer): void {
    isChanging = false;
    if (isOver) return;
    unsent = bytes.byteLength;
    options.send(bytes);
    advance();
  }

  function fail(error: unknown): void {
    if (isOver) return;
    isOver = true;
    options.fail(error);
  }

  function takeMessage(): GrpcMessage | undefined {
    if (held < PREFIX_BYTES) return undefined;
    const first = joined(PREFIX_BYTES);
    const length = first.readUInt32BE(1);
    if ((first[0] ?? 0) > 1)
      throw new InterposeError("bad_request", "The body is not made of messages, as gRPC has them.");
    if (length > options.maxMessageBytes) throw messageTooLarge(options.maxMessageBytes);
    if (held < PREFIX_BYTES + length) return undefined;
    const whole = joined(PREFIX_BYTES + length);
    const rest = whole.subarray(PREFIX_BYTES + length);
    held -= PREFIX_BYTES + length;
    chunks.shift();
    if (rest.byteLength > 0) chunks.unshift(rest);
    return { isCompressed: whole[0] === 1, bytes: whole.subarray(PREFIX_BYTES, PREFIX_BYTES + length) };
  }

  /** The first chunk, made of as many as have at least `size` bytes together. */
  function joined(size: number): Buffer {
    const [first = Buffer.alloc(0)] = chunks;
    if (first.byteLength >= size) return first;
    const all = Buffer.concat(chunks);
    chunks.splice(0, chunks.length, all);
    return all;
  }

  function giveCredit(): void {
    if (uncredited === 0) return;
    const bytes = uncredited;
    uncredited = 0;
    options.credit(bytes);
  }

  return {
    data(bytes, start, end) {
      if (isOver) {
        options.credit(end - start);
        return;
      }
      if (end > start) chunks.push(Buffer.from(bytes.subarray(start, end)));
      held += end - start;
      uncredited += end - start;
      advance();
    },
    finish() {
      isFinished = true;
      advance();
    },
    sent(bytes) {
      unsent -= bytes;
      advance();
    },
    stop: () => void (isOver = true),
  };
}
