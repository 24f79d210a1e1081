/** Texts and bytes behind one another, outside of V8's heap: what is kept there costs its collections nothing. */
export interface ByteBatch {
  /** How many bytes there are. */
  readonly size: number;
  append(text: string): void;
  appendBytes(bytes: Uint8Array): void;
  /** Takes everything back behind a size that it had. */
  cut(size: number): void;
  /** What was appended, until it is cleared. */
  bytes(): Buffer;
  /** Begins anew in the same memory, which costs less than new memory does. */
  clear(): void;
}

const FIRST_BYTES = 16 * 1024;
/** More than this is not kept when it is cleared. */
const MOST_KEPT_BYTES = 2 * 1024 * 1024;

/** Nothing yet. */
export function createByteBatch(): ByteBatch {
  let buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  let size = 0;
  function reserve(bytes: number): void {
    if (size + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, size + bytes));
    buffer.copy(larger, 0, 0, size);
    buffer = larger;
  }
  return {
    get size() {
      return size;
    },
    append(text) {
      // As many bytes as a character of UTF-16 can take in UTF-8.
      reserve(text.length * 3);
      size += buffer.write(text, size);
    },
    appendBytes(bytes) {
      reserve(bytes.byteLength);
      buffer.set(bytes, size);
      size += bytes.byteLength;
    },
    cut: (to) => void (size = to),
    bytes: () => buffer.subarray(0, size),
    clear() {
      if (buffer.length > MOST_KEPT_BYTES) buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
      size = 0;
    },
  };
}
