import { promisify } from "node:util";
import { gunzip, gzip, inflate, deflate } from "node:zlib";
import { InterposeError } from "@interpose/engine";

/** Bytes before each message: whether it is compressed, and how long it is (PROTOCOL-HTTP2.md, "Length-Prefixed-Message"). */
export const PREFIX_BYTES = 5;

/** A message as it came in. */
export interface GrpcMessage {
  readonly isCompressed: boolean;
  readonly bytes: Buffer;
}

interface Coding {
  compress(bytes: Uint8Array): Promise<Buffer>;
  /** `maxOutputLength` keeps a small message from becoming a huge one. */
  decompress(bytes: Uint8Array, maxOutputLength: number): Promise<Buffer>;
}

const [gzipped, gunzipped, deflated, inflated] = [
  promisify(gzip),
  promisify(gunzip),
  promisify(deflate),
  promisify(inflate),
];

/** The codings of messages that we can look into. */
const CODINGS: Readonly<Record<string, Coding>> = {
  gzip: {
    compress: (bytes) => gzipped(bytes),
    decompress: (bytes, maxOutputLength) => gunzipped(bytes, { maxOutputLength }),
  },
  deflate: {
    compress: (bytes) => deflated(bytes),
    decompress: (bytes, maxOutputLength) => inflated(bytes, { maxOutputLength }),
  },
};

/** Names of the codings, for `grpc-accept-encoding`. */
export const CODING_NAMES: readonly string[] = ["identity", ...Object.keys(CODINGS)];

/** Whether messages of a coding can be looked into; `undefined` and `identity` stand for none. */
export function isKnownCoding(name: string | undefined): boolean {
  return name === undefined || CODING_NAMES.includes(name);
}

/** A message's plain bytes. Throws `message_too_large`, or `bad_request` where it is not what its coding says. */
export async function decompressed(
  { isCompressed, bytes }: GrpcMessage,
  coding: string | undefined,
  maxBytes: number,
): Promise<Uint8Array> {
  if (!isCompressed) return bytes;
  const known = coding === undefined ? undefined : CODINGS[coding];
  if (!known)
    throw new InterposeError(
      "bad_request",
      `A message is compressed, and grpc-encoding says "${coding ?? "nothing"}".`,
    );
  try {
    return await known.decompress(bytes, maxBytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw messageTooLarge(maxBytes, error);
    throw new InterposeError("bad_request", `A message is no ${coding}.`, { cause: error });
  }
}

/** A message with its prefix, compressed as the one was that it stands for. */
export async function framed(
  plain: Uint8Array,
  { isCompressed }: GrpcMessage,
  coding: string | undefined,
): Promise<Buffer> {
  const known = isCompressed && coding !== undefined ? CODINGS[coding] : undefined;
  return withPrefix(known ? await known.compress(plain) : plain, known !== undefined);
}

/** A message as it came in, with its prefix. */
export function withPrefix(bytes: Uint8Array, isCompressed: boolean): Buffer {
  const message = Buffer.allocUnsafe(PREFIX_BYTES + bytes.byteLength);
  message[0] = isCompressed ? 1 : 0;
  message.writeUInt32BE(bytes.byteLength, 1);
  message.set(bytes, PREFIX_BYTES);
  return message;
}

/** The refusal of a message that is larger than is looked into. */
export function messageTooLarge(maxBytes: number, cause?: unknown): InterposeError {
  return new InterposeError(
    "message_too_large",
    `A message is larger than ${maxBytes} bytes, and executions look at it here. Send less, or raise limits.maxMessageBytes.`,
    { cause },
  );
}
