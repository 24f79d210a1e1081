import type { Connection } from "../../src/hosts/gateway/relay/connection.ts";
import { ByteWriter, createHpackEncoder } from "../../src/hosts/gateway/relay/hpack/index.ts";
import { FLAG, FRAME, PREFACE } from "../../src/hosts/gateway/relay/numbers.ts";

/** A frame as bytes, whether it is right or not. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.byteLength, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

/** Four bytes of a number. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** One setting, as SETTINGS carries it. */
export function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(id);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

/** A header block that uses no table, so that each stands for itself. */
export function block(fields: readonly string[]): Buffer {
  const out = new ByteWriter();
  createHpackEncoder({ maxTableSize: 0 }).encode(fields, undefined, out);
  return Buffer.from(out.bytes.subarray(0, out.length));
}

/** What a client sends before its first request. */
export const CLIENT_START = Buffer.concat([PREFACE, frame(FRAME.SETTINGS, 0, 0)]);

/** Fields of a request that is right. */
export const GET: readonly string[] = [":method", "GET", ":scheme", "http", ":path", "/", ":authority", "a"];
/** Fields of a request with a body. */
export const POST: readonly string[] = [":method", "POST", ":scheme", "http", ":path", "/a.B/C", ":authority", "a"];

/** HEADERS that begin and end a block. */
export function headers(streamId: number, fields: readonly string[], endStream = false): Buffer {
  return frame(FRAME.HEADERS, FLAG.END_HEADERS | (endStream ? FLAG.END_STREAM : 0), streamId, block(fields));
}

/** A frame that was read. */
export interface SentFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** The frames in some bytes, behind a client's preface if there is one. */
export function framesIn(bytes: Buffer): readonly SentFrame[] {
  const frames: SentFrame[] = [];
  let at = bytes.subarray(0, PREFACE.byteLength).equals(PREFACE) ? PREFACE.byteLength : 0;
  while (at < bytes.byteLength) {
    const length = bytes.readUIntBE(at, 3);
    const payload = bytes.subarray(at + 9, at + 9 + length);
    frames.push({ type: bytes[at + 3] ?? 0, flags: bytes[at + 4] ?? 0, streamId: bytes.readUInt32BE(at + 5), payload });
    at += 9 + length;
  }
  return frames;
}

/** Takes what a connection wants to send. */
export function taken<T>(connection: Connection<T>): Buffer {
  return Buffer.concat(connection.output.take());
}
