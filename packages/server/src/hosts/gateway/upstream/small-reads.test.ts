import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { describe, it } from "node:test";
import { cleanUp } from "../../../../test/harness/cleanup.ts";
import { smallReads } from "./small-reads.ts";

describe("smallReads()", () => {
  it("gives chunks that stay as they are, small and large ones, whatever is read after them", async (t) => {
    const sent = Array.from({ length: 400 }, (_, i) =>
      randomBytes(i % 4 === 0 ? randomInt(1, 300_000) : randomInt(1, 200)),
    );
    const send = async (socket: Socket): Promise<void> => {
      for (const piece of sent) {
        socket.write(piece);
        // Some come alone, and some together.
        if (randomInt(3) > 0) await new Promise((resolve) => setImmediate(resolve));
      }
      socket.end();
    };
    const server = createServer((socket) => void send(socket)).listen(0, "127.0.0.1");
    cleanUp(t, () => void server.close());
    await once(server, "listening");
    const chunks: Buffer[] = [];
    const onread = smallReads((chunk) => void chunks.push(chunk));
    const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", onread });
    socket.resume();
    await once(socket, "close");
    assert.ok(Buffer.concat(chunks).equals(Buffer.concat(sent)));
    const memory = new Set(chunks.filter(({ byteLength }) => byteLength < 1_000).map(({ buffer }) => buffer));
    const small = chunks.filter(({ byteLength }) => byteLength < 1_000).length;
    assert.ok(memory.size < small / 4, `${small} small chunks have ${memory.size} pieces of memory`);
  });
});
