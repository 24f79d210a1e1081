import { InterposeError } from "@interpose/engine";
import { createBase64Decoder } from "../../../base64-stream.ts";
import { messageTooLarge } from "./codings.ts";

/** A message as a body has it. */
export interface WireMessage {
  readonly isCompressed: boolean;
  readonly bytes: Buffer;
}

/** What a body is made of: messages, and in some protocols an end of its own, which is passed on as it is. */
export type Piece =
  | (WireMessage & { readonly kind: "message" })
  | { readonly kind: "end"; /** With its prefix. */ readonly bytes: Buffer };

/** How messages stand in a body. */
export interface Framing {
  createCutter(maxMessageBytes: number): Cutter;
  /** A message as the body has it. */
  frame(message: WireMessage): Buffer;
  /** The end that a body has of its own, as the cutter took it. */
  frameEnd(bytes: Buffer): Buffer;
}

/** Takes one body apart. Everything throws `message_too_large`, or `bad_request` for what is no body of this kind. */
export interface Cutter {
  /** Bytes have come, which are the cutter's own from now on. */
  push(chunk: Buffer): void;
  /** The next piece that is whole. */
  take(): Piece | undefined;
  /** The same, when nothing more will come. */
  takeLast(): Piece | undefined;
  /** Bytes that have come and are in no piece yet. */
  held(): number;
}

/** Bytes before each message: flags, and how long it is (PROTOCOL-HTTP2.md, "Length-Prefixed-Message"). */
const PREFIX_BYTES = 5;
const COMPRESSED = 1;

/** Each message has a prefix. `endFlag`: the flag of the frame that ends a body; 0 where the protocol has none. */
export function enveloped(endFlag: 0 | 0b10 | 0b1000_0000): Framing {
  return {
    createCutter: (maxMessageBytes) => createEnvelopeCutter(endFlag, maxMessageBytes),
    frame: withPrefix,
    frameEnd: (bytes) => bytes,
  };
}

/** The same in base64, as application/grpc-web-text has it. */
export function envelopedText(endFlag: 0b1000_0000): Framing {
  return {
    createCutter(maxMessageBytes) {
      const cutter = createEnvelopeCutter(endFlag, maxMessageBytes);
      const decoder = createBase64Decoder(() =>
        badBody("The body is not base64, as application/grpc-web-text has it."),
      );
      return {
        push: (chunk) => cutter.push(decoder.decode(chunk)),
        take: cutter.take,
        takeLast() {
          decoder.end();
          return cutter.takeLast();
        },
        held: cutter.held,
      };
    },
    frame: (message) => asBase64(withPrefix(message)),
    frameEnd: asBase64,
  };
}

/** The body is one message. `isCompressed`: by the coding of the body. */
export function whole(isCompressed: boolean): Framing {
  return {
    createCutter(maxMessageBytes) {
      const chunks: Buffer[] = [];
      let held = 0;
      let isTaken = false;
      return {
        push(chunk) {
          held += chunk.byteLength;
          if (held > maxMessageBytes) throw messageTooLarge(maxMessageBytes);
          keep(chunks, chunk);
        },
        take: () => undefined,
        takeLast() {
          if (isTaken) return undefined;
          isTaken = true;
          return { kind: "message", isCompressed: isCompressed && held > 0, bytes: Buffer.concat(chunks) };
        },
        held: () => (isTaken ? 0 : held),
      };
    },
    frame: ({ bytes }) => bytes,
    frameEnd: (bytes) => bytes,
  };
}

/** A text of base64 that stands for itself, with its own padding: whoever reads it need not wait for the next one. */
export function asBase64(bytes: Uint8Array): Buffer {
  return Buffer.from(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"), "latin1");
}

function withPrefix({ bytes, isCompressed }: WireMessage): Buffer {
  const message = Buffer.allocUnsafe(PREFIX_BYTES + bytes.byteLength);
  message[0] = isCompressed ? COMPRESSED : 0;
  message.writeUInt32BE(bytes.byteLength, 1);
  message.set(bytes, PREFIX_BYTES);
  return message;
}

function createEnvelopeCutter(endFlag: number, maxMessageBytes: number): Cutter {
  const chunks: Buffer[] = [];
  let held = 0;

  /** The first chunk, made of as many as have at least `size` bytes together. */
  function joined(size: number): Buffer {
    const [first = Buffer.alloc(0)] = chunks;
    if (first.byteLength >= size) return first;
    const all = Buffer.concat(chunks);
    chunks.splice(0, chunks.length, all);
    return all;
  }

  function take(): Piece | undefined {
    if (held < PREFIX_BYTES) return undefined;
    const first = joined(PREFIX_BYTES);
    const flags = first[0] ?? 0;
    const size = PREFIX_BYTES + first.readUInt32BE(1);
    if ((flags & ~(COMPRESSED | endFlag)) !== 0)
      throw badBody("The body is not made of messages, as the protocol of the call has them.");
    if (size - PREFIX_BYTES > maxMessageBytes) throw messageTooLarge(maxMessageBytes);
    if (held < size) return undefined;
    const all = joined(size);
    held -= size;
    chunks.shift();
    if (all.byteLength > size) chunks.unshift(all.subarray(size));
    if ((flags & endFlag) !== 0) return { kind: "end", bytes: all.subarray(0, size) };
    return { kind: "message", isCompressed: (flags & COMPRESSED) !== 0, bytes: all.subarray(PREFIX_BYTES, size) };
  }

  return {
    push(chunk) {
      if (chunk.byteLength === 0) return;
      keep(chunks, chunk);
      held += chunk.byteLength;
    },
    take,
    takeLast() {
      const piece = take();
      if (!piece && held > 0) throw badBody("The body ends within a message.");
      return piece;
    },
    held: () => held,
  };
}

/** Chunks from this size on stay as they came. */
const LARGE_BYTES = 4 * 1024;

/**
 * Puts a chunk behind others. A body may come byte by byte, and each chunk takes far more memory than a byte: small ones are made one with what stands before them, which is
 * done so rarely for each byte as the logarithm of the size says.
 */
function keep(chunks: Buffer[], chunk: Buffer): void {
  let last = chunk;
  for (;;) {
    const before = chunks.at(-1);
    if (!before || before.byteLength >= LARGE_BYTES || before.byteLength > last.byteLength) break;
    chunks.pop();
    last = Buffer.concat([before, last]);
  }
  chunks.push(last);
}

function badBody(text: string): InterposeError {
  return new InterposeError("body_malformed", text);
}
