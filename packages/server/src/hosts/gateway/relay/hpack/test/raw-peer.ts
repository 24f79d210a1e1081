import type { Socket } from "node:net";

/** The frames of HTTP/2 that a raw peer knows (RFC 9113, section 6). */
export const FRAME = { HEADERS: 1, SETTINGS: 4, PING: 6, CONTINUATION: 9 } as const;
const END_STREAM = 0x1;
const ACK = 0x1;
const END_HEADERS = 0x4;
const PADDED = 0x8;
const PRIORITY = 0x20;
const HEADER_TABLE_SIZE = 1;
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const MAX_FRAME = 16_384;

/** What a raw peer tells of the other side. */
export interface RawEvents {
  /** A whole header block, put together from its frames. */
  block(streamId: number, block: Buffer): void;
  /** The other side has announced the size of its table, and was told so. */
  tableSize(size: number): void;
  /** The other side has acknowledged settings of ours. */
  acknowledged(): void;
}

/** Speaks as much HTTP/2 over a socket as header blocks need, so that their bytes can be seen and chosen. */
export interface RawPeer {
  sendHeaders(streamId: number, block: Uint8Array): void;
  sendTableSize(size: number): void;
}

export function createRawPeer(socket: Socket, role: "client" | "server", events: RawEvents): RawPeer {
  let input = Buffer.alloc(0);
  let awaitsPreface = role === "server";
  let fragments: Buffer[] = [];

  const send = (type: number, flags: number, streamId: number, payload: Uint8Array): void => {
    const header = Buffer.alloc(9);
    header.writeUIntBE(payload.byteLength, 0, 3);
    header.writeUInt8(type, 3);
    header.writeUInt8(flags, 4);
    header.writeUInt32BE(streamId, 5);
    socket.write(Buffer.concat([header, payload]));
  };

  const receive = (type: number, flags: number, streamId: number, payload: Buffer): void => {
    if (type === FRAME.SETTINGS && (flags & ACK) !== 0) events.acknowledged();
    else if (type === FRAME.SETTINGS) {
      for (let at = 0; at < payload.byteLength; at += 6)
        if (payload.readUInt16BE(at) === HEADER_TABLE_SIZE) events.tableSize(payload.readUInt32BE(at + 2));
      send(FRAME.SETTINGS, ACK, 0, Buffer.alloc(0));
    } else if (type === FRAME.PING && (flags & ACK) === 0) send(FRAME.PING, ACK, 0, payload);
    else if (type === FRAME.HEADERS || type === FRAME.CONTINUATION) {
      fragments.push(type === FRAME.HEADERS ? withoutRim(payload, flags) : payload);
      if ((flags & END_HEADERS) === 0) return;
      const block = Buffer.concat(fragments);
      fragments = [];
      events.block(streamId, block);
    }
  };

  socket.setNoDelay(true);
  socket.on("data", (chunk) => {
    input = Buffer.concat([input, chunk]);
    if (awaitsPreface) {
      if (input.byteLength < PREFACE.byteLength) return;
      input = input.subarray(PREFACE.byteLength);
      awaitsPreface = false;
    }
    while (input.byteLength >= 9) {
      const end = 9 + input.readUIntBE(0, 3);
      if (input.byteLength < end) return;
      const frame = input.subarray(0, end);
      input = input.subarray(end);
      receive(frame.readUInt8(3), frame.readUInt8(4), frame.readUInt32BE(5) & 0x7fff_ffff, frame.subarray(9));
    }
  });

  if (role === "client") socket.write(PREFACE);
  send(FRAME.SETTINGS, 0, 0, Buffer.alloc(0));
  return {
    sendHeaders(streamId, block) {
      for (let at = 0; at === 0 || at < block.byteLength; at += MAX_FRAME) {
        const part = block.subarray(at, at + MAX_FRAME);
        const flags = at + MAX_FRAME >= block.byteLength ? END_HEADERS : 0;
        if (at === 0) send(FRAME.HEADERS, flags | END_STREAM, streamId, part);
        else send(FRAME.CONTINUATION, flags, streamId, part);
      }
    },
    sendTableSize(size) {
      const payload = Buffer.alloc(6);
      payload.writeUInt16BE(HEADER_TABLE_SIZE, 0);
      payload.writeUInt32BE(size, 2);
      send(FRAME.SETTINGS, 0, 0, payload);
    },
  };
}

/** The fragment of a header block within HEADERS (RFC 9113, section 6.2). */
function withoutRim(payload: Buffer, flags: number): Buffer {
  const padding = (flags & PADDED) !== 0 ? payload.readUInt8(0) : 0;
  const start = ((flags & PADDED) !== 0 ? 1 : 0) + ((flags & PRIORITY) !== 0 ? 5 : 0);
  return payload.subarray(start, payload.byteLength - padding);
}
