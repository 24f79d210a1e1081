import { createHpackDecoder, HpackError, type HeaderBlock, type HpackDecoder } from "./hpack/index.ts";
import { ConnectionError } from "./http2-error.ts";
import type { ConnectionLimits } from "./limits.ts";
import { ERROR_CODE, FLAG } from "./numbers.ts";

/** Our own table, which we have not announced another size for (RFC 9113, section 6.5.2). */
const TABLE_BYTES = 4096;

/** A header block that is whole. */
export interface ReceivedBlock {
  readonly streamId: number;
  readonly endStream: boolean;
  /** `too_large`: it is beyond the limit. It was decoded all the same, since the peer's table changed with it. */
  readonly block: HeaderBlock | "too_large";
}

/**
 * Puts header blocks together from HEADERS and CONTINUATION (RFC 9113, section 4.3) and decodes them. States: *between blocks*; *within one*, when
 * nothing else may come on the connection than more of it.
 */
export class HeaderBlocks {
  readonly #limits: ConnectionLimits;
  readonly #decoder: HpackDecoder;
  #within:
    { readonly streamId: number; readonly endStream: boolean; readonly parts: Buffer[]; size: number } | undefined;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
    this.#decoder = createHpackDecoder({ maxTableSize: TABLE_BYTES, maxListSize: limits.maxHeaderListBytes });
  }

  /** Stream of the block that is not whole yet. */
  get openStream(): number | undefined {
    return this.#within?.streamId;
  }

  /** Begins a block. Answers it when it is whole. */
  begin(streamId: number, flags: number, bytes: Buffer, start: number, end: number): ReceivedBlock | undefined {
    const endStream = (flags & FLAG.END_STREAM) !== 0;
    if ((flags & FLAG.END_HEADERS) !== 0) return { streamId, endStream, block: this.#decode(bytes, start, end) };
    this.#within = { streamId, endStream, parts: [], size: 0 };
    this.#append(bytes, start, end);
    return undefined;
  }

  /** Goes on with a block. Answers it when it is whole. */
  continue(streamId: number, flags: number, bytes: Buffer, start: number, end: number): ReceivedBlock | undefined {
    const within = this.#within;
    if (within?.streamId !== streamId)
      throw new ConnectionError(ERROR_CODE.PROTOCOL_ERROR, "CONTINUATION without HEADERS of its stream before it");
    this.#append(bytes, start, end);
    if ((flags & FLAG.END_HEADERS) === 0) return undefined;
    this.#within = undefined;
    const whole = Buffer.concat(within.parts, within.size);
    return { streamId, endStream: within.endStream, block: this.#decode(whole, 0, whole.byteLength) };
  }

  /** A block that never ends costs memory before it can be decoded: it is bounded in bytes and in frames (CVE-2024-27316). */
  #append(bytes: Buffer, start: number, end: number): void {
    const within = this.#within;
    if (!within) return;
    within.parts.push(Buffer.from(bytes.subarray(start, end)));
    within.size += end - start;
    // A block is never longer than the list that it stands for, but for literals that Huffman makes longer, which no one sends.
    if (within.size > this.#limits.maxHeaderListBytes || within.parts.length > this.#limits.maxContinuations + 1)
      throw new ConnectionError(ERROR_CODE.ENHANCE_YOUR_CALM, "a header block that does not come to its end");
  }

  #decode(bytes: Buffer, start: number, end: number): HeaderBlock | "too_large" {
    try {
      return this.#decoder.decode(bytes, start, end);
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      if (error.kind === "list_too_large") return "too_large";
      throw new ConnectionError(ERROR_CODE.COMPRESSION_ERROR, error.message);
    }
  }
}
