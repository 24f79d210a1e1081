import type { OnReadOpts } from "node:net";

const BUFFER_BYTES = 64 * 1024;
/** A chunk of so many bytes takes the buffer along; copying it would cost more than another one. */
const LARGE_BYTES = 16 * 1024;

/**
 * A way to read from a socket that costs less where chunks are small, as those of unary calls are: Node otherwise makes a buffer of 64 KiB for each, and cuts it down to what was read. Here a socket
 * keeps its buffer, and small chunks are copied into memory that many share. `onChunk` may keep what it is given.
 */
export function smallReads(onChunk: (chunk: Buffer) => void): OnReadOpts {
  let buffer = Buffer.alloc(0);
  let isTaken = true;
  return {
    buffer() {
      if (isTaken) buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
      isTaken = false;
      return buffer;
    },
    callback(length) {
      const chunk = buffer.subarray(0, length);
      isTaken = length >= LARGE_BYTES;
      onChunk(isTaken ? chunk : Buffer.from(chunk));
      return true;
    },
  };
}
