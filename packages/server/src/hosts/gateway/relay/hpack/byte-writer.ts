/** Least room for bytes. Most header blocks fit. */
const LEAST_BYTES = 512;

/** Bytes that grow at their end. One is kept and used again and again: setting `length` to 0 begins anew, and clears nothing. */
export class ByteWriter {
  /** What was written, from 0 to `length`; behind that, anything. Another one after each growth: do not keep it over a write. */
  bytes: Buffer = Buffer.allocUnsafe(LEAST_BYTES);
  length = 0;

  /** Makes room for `more` bytes behind `length`. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.byteLength) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.bytes.byteLength * 2));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}
