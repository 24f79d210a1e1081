/**
 * Why a header block was not answered.
 * - `compression`: it breaks RFC 7541. The tables of both sides are no longer the same: the connection ends with COMPRESSION_ERROR
 *   (RFC 9113, section 4.3), and the decoder must not be used again.
 * - `list_too_large`: its list is larger than was allowed. It was decoded to its end, so the tables are in step: only its stream suffers.
 */
export type HpackErrorKind = "compression" | "list_too_large";

/** The one error of the decoder. */
export class HpackError extends Error {
  override readonly name = "HpackError";
  readonly kind: HpackErrorKind;
  /** `text` says what is wrong with the block, for the debug data of GOAWAY and the log. It holds no byte of the block. */
  constructor(kind: HpackErrorKind, text: string) {
    super(text);
    this.kind = kind;
  }
}
