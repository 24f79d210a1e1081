import { streamError } from "@interpose/protocol";
import type { Status } from "@interpose/protocol/gen/google/rpc/status_pb";
import { InterposeError } from "@interpose/engine";
import { messageTooLarge } from "./codings.ts";
import type { Cutter, Framing, Piece } from "./framing.ts";

/** A stream of JSON values: a framing for one body, which notes what of it was passed on. */
export interface JsonSequence extends Framing {
  /** What is to be added to a body that was begun, so that it ends with an error. */
  endOfError(status: Status): Buffer;
}

const [SPACE, TAB, LF, CR] = [0x20, 0x09, 0x0a, 0x0d];
const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * A body that servers of REST write for a stream: a JSON array (Google's APIs, Envoy), or values one behind another (grpc-gateway). Each value is a message; what stands
 * between them is passed on as it is, and so are values that are none. `isLines`: the body is no array, whatever it begins with.
 */
export function jsonSequence(isLines: boolean, isMessage: (value: Buffer) => boolean): JsonSequence {
  let isArray = false;
  let isClosed = false;
  let lastIsValue = false;

  function passBetween(byte: number): void {
    if (byte === OPEN_LIST) isArray = true;
    else if (byte === CLOSE_LIST) isClosed = true;
    if (byte === COMMA || byte === LF) lastIsValue = false;
  }

  return {
    createCutter: (maxMessageBytes) => createCutter(isLines, isMessage, maxMessageBytes),
    frame({ bytes }) {
      lastIsValue = true;
      return bytes;
    },
    frameEnd(bytes) {
      // A value that is no message is whole; all else stands between values.
      if (bytes[0] === OPEN_OBJECT) lastIsValue = true;
      else for (const byte of bytes) passBetween(byte);
      return bytes;
    },
    endOfError(status) {
      const error = streamError(status);
      if (isClosed) return Buffer.alloc(0);
      if (isArray) return Buffer.concat([Buffer.from(lastIsValue ? ",\n" : ""), error, Buffer.from("]")]);
      return Buffer.concat([Buffer.from(lastIsValue ? "\n" : ""), error, Buffer.from("\n")]);
    },
  };
}

/** States: *between* values; *within* one, which ends with its last bracket or quote, or, being a bare word or number, before what follows it. */
function createCutter(isLines: boolean, isMessage: (value: Buffer) => boolean, maxBytes: number): Cutter {
  const pieces: Piece[] = [];
  const parts: Buffer[] = [];
  let held = 0;
  let within: "nothing" | "brackets" | "text" | "word" = "nothing";
  let depth = 0;
  let isInText = false;
  let isEscaped = false;
  let isArray: boolean | undefined = isLines ? false : undefined;

  function hold(part: Buffer): void {
    held += part.byteLength;
    if (held > maxBytes) throw messageTooLarge(maxBytes);
    if (part.byteLength > 0) parts.push(part);
  }

  function valueEnds(): void {
    const bytes = Buffer.concat(parts);
    parts.length = 0;
    held = 0;
    within = "nothing";
    pieces.push(isMessage(bytes) ? { kind: "message", isCompressed: false, bytes } : { kind: "end", bytes });
  }

  function isSeparator(byte: number): boolean {
    if (byte === SPACE || byte === TAB || byte === LF || byte === CR || byte === COMMA) return true;
    if (isArray === undefined) {
      isArray = byte === OPEN_LIST;
      return isArray;
    }
    return isArray && byte === CLOSE_LIST;
  }

  function begin(byte: number): void {
    within = byte === OPEN_OBJECT || byte === OPEN_LIST ? "brackets" : byte === QUOTE ? "text" : "word";
    depth = within === "brackets" ? 1 : 0;
    isInText = within === "text";
    isEscaped = false;
  }

  /** Whether a byte of a value is its last one. */
  function isLast(byte: number): boolean {
    if (isInText) {
      if (isEscaped) isEscaped = false;
      else if (byte === BACKSLASH) isEscaped = true;
      else if (byte === QUOTE) isInText = false;
      return within === "text" && !isInText;
    }
    if (byte === QUOTE) isInText = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth--;
    return depth === 0;
  }

  return {
    push(chunk) {
      let from = 0;
      for (let i = 0; i < chunk.byteLength; i++) {
        const byte = chunk[i] ?? 0;
        if (within === "word" && (isSeparator(byte) || byte === CLOSE_OBJECT || byte === CLOSE_LIST)) {
          hold(chunk.subarray(from, i));
          valueEnds();
          from = i;
        } else if (within === "nothing") {
          if (isSeparator(byte)) continue;
          if (i > from) pieces.push({ kind: "end", bytes: chunk.subarray(from, i) });
          from = i;
          begin(byte);
        } else if (within !== "word" && isLast(byte)) {
          hold(chunk.subarray(from, i + 1));
          valueEnds();
          from = i + 1;
        }
      }
      if (within !== "nothing") hold(chunk.subarray(from));
      else if (from < chunk.byteLength) pieces.push({ kind: "end", bytes: chunk.subarray(from) });
    },
    take: () => pieces.shift(),
    takeLast() {
      if (pieces.length === 0 && within === "word") valueEnds();
      if (pieces.length === 0 && within !== "nothing")
        throw new InterposeError("body_malformed", "The body ends within a message.");
      return pieces.shift();
    },
    held: () => pieces.reduce((sum, { bytes }) => sum + bytes.byteLength, held),
  };
}
