import { promisify } from "node:util";
import {
  brotliCompress,
  brotliDecompress,
  constants,
  deflate,
  gunzip,
  gzip,
  inflate,
  zstdCompress,
  zstdDecompress,
} from "node:zlib";
import { InterposeError } from "@interpose/engine";
import type { HeaderBlock } from "../relay/hpack/index.ts";
import { fieldOf, withField } from "./fields.ts";

/** A coding of messages or bodies. */
interface Coding {
  compress(bytes: Uint8Array): Promise<Buffer>;
  /** `maxOutputLength` keeps a small message from becoming a huge one. */
  decompress(bytes: Uint8Array, maxOutputLength: number): Promise<Buffer>;
}

const [gzipped, gunzipped, deflated, inflated, brotli, unbrotli, zstd, unzstd] = [
  promisify(gzip),
  promisify(gunzip),
  promisify(deflate),
  promisify(inflate),
  promisify(brotliCompress),
  promisify(brotliDecompress),
  promisify(zstdCompress),
  promisify(zstdDecompress),
];
/** Brotli's own default is made for files that are compressed once and served for long. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

/** The codings that we can look into, by their names in HTTP and gRPC. */
const CODINGS: ReadonlyMap<string, Coding> = new Map(
  Object.entries({
    gzip: {
      compress: (bytes) => gzipped(bytes),
      decompress: (bytes, maxOutputLength) => gunzipped(bytes, { maxOutputLength }),
    },
    deflate: {
      compress: (bytes) => deflated(bytes),
      decompress: (bytes, maxOutputLength) => inflated(bytes, { maxOutputLength }),
    },
    br: {
      compress: (bytes) => brotli(bytes, BROTLI),
      decompress: (bytes, maxOutputLength) => unbrotli(bytes, { maxOutputLength }),
    },
    zstd: {
      compress: (bytes) => zstd(bytes),
      decompress: (bytes, maxOutputLength) => unzstd(bytes, { maxOutputLength }),
    },
  } satisfies Record<string, Coding>),
);

/** Names of the codings, for the field in which a side says what it understands. */
export const CODING_NAMES: readonly string[] = ["identity", ...CODINGS.keys()];

/** Whether messages of a coding can be looked into; `undefined` and `identity` stand for none. */
export function isKnownCoding(name: string | undefined): boolean {
  return name === undefined || name === "identity" || CODINGS.has(name);
}

/** The names in a list of codings, as `accept-encoding` has it, without weights, and without those that are refused (RFC 9110, section 12.5.3). */
export function codingNames(accepted: string): readonly string[] {
  return accepted.split(",").flatMap((each) => {
    const [name = "", ...parameters] = each.split(";").map((part) => part.trim().toLowerCase());
    return name === "" || parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter)) ? [] : [name];
  });
}

/** Those of a list of codings, as an `accept` field has it, that can be looked into; weights stay. */
function knownCodings(accepted: string): string {
  const known = accepted.split(",").filter((each) => isKnownCoding(each.split(";", 1)[0]?.trim().toLowerCase()));
  return known.map((each) => each.trim()).join(", ");
}

/** Plain bytes of what was compressed. Throws `message_too_large`, or `bad_request` where it is not what its coding says. */
export async function decompress(bytes: Uint8Array, coding: string | undefined, maxBytes: number): Promise<Uint8Array> {
  const known = coding === undefined ? undefined : CODINGS.get(coding);
  if (!known) {
    // https://github.com/grpc/grpc/blob/master/doc/compression.md#compression-method-asymmetry-between-peers
    throw new InterposeError("coding_missing", `A message is compressed, and its coding is "${coding ?? "not said"}".`);
  }
  try {
    return await known.decompress(bytes, maxBytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw messageTooLarge(maxBytes, error);
    throw new InterposeError("body_malformed", `A message is no ${coding ?? ""}.`, { cause: error });
  }
}

/** Longest end of a body that is looked into: its metadata, and the error. */
const MOST_OF_END = 1024 * 1024;

/** What the last frame of a body holds, whose first five bytes are its prefix. */
export async function endPayload(frame: Buffer, coding: string | undefined): Promise<Uint8Array> {
  const payload = frame.subarray(5);
  return ((frame[0] ?? 0) & 1) === 1 ? decompress(payload, coding, MOST_OF_END) : payload;
}

/** Compressed bytes; undefined where the coding is none that we write. */
export async function compress(bytes: Uint8Array, coding: string | undefined): Promise<Buffer | undefined> {
  return coding === undefined ? undefined : CODINGS.get(coding)?.compress(bytes);
}

/** The refusal of a coding that cannot be looked into: what cannot be read must not go past the hooks. */
export function unknownCoding(coding: string | undefined): InterposeError {
  return new InterposeError(
    "coding_unknown",
    `The messages of this call have to be read here, and the coding "${(coding ?? "").slice(0, 100)}" cannot be. Use one of ${CODING_NAMES.join(", ")}.`,
  );
}

/** The refusal of a message that is larger than is looked into. */
export function messageTooLarge(maxBytes: number, cause?: unknown): InterposeError {
  return new InterposeError(
    "message_too_large",
    `A message is larger than ${maxBytes} bytes, and has to be read here. Send less, or raise limits.maxMessageBytes.`,
    { cause },
  );
}

/** A head that asks for no coding that cannot be looked into. */
export function withKnownCodings(block: HeaderBlock, acceptField: string): HeaderBlock {
  const accepted = fieldOf(block, acceptField);
  if (accepted === undefined) return block;
  const known = knownCodings(accepted);
  return known === accepted ? block : withField(block, acceptField, known === "" ? "identity" : known);
}
