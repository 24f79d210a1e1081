export { createHpackDecoder } from "./decoder.ts";
export type { HpackDecoder, HpackDecoderOptions } from "./decoder.ts";
export { createHpackEncoder } from "./encoder.ts";
export type { HpackEncoder, HpackEncoderOptions } from "./encoder.ts";
export { ByteWriter } from "./byte-writer.ts";
export { HpackError } from "./hpack-error.ts";
export type { HpackErrorKind } from "./hpack-error.ts";
export type { HeaderBlock, HeaderList } from "./header-block.ts";
