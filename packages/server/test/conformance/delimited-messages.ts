import type { Readable, Writable } from "node:stream";

/** Reads messages that each follow their length in four bytes, as the suite's programs speak over their standard streams. */
export async function* readDelimited(stream: Readable): AsyncGenerator<Buffer> {
  let held = Buffer.alloc(0);
  for await (const chunk of stream) {
    held = Buffer.concat([held, chunk as Buffer]);
    while (held.byteLength >= 4 && held.byteLength >= 4 + held.readUInt32BE()) {
      const end = 4 + held.readUInt32BE();
      yield held.subarray(4, end);
      held = held.subarray(end);
    }
  }
  if (held.byteLength > 0) throw new Error("a message is cut off");
}

/** Writes one. */
export function writeDelimited(stream: Writable, message: Uint8Array): void {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.byteLength);
  stream.write(Buffer.concat([length, message]));
}
