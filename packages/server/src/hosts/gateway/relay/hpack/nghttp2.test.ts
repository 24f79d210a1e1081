// Our HPACK against that of nghttp2, which Node, curl and many others use. Node does not show it, so a raw peer looks at the frames.
import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import net, { type AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { ByteWriter, createHpackDecoder, createHpackEncoder, type HeaderBlock } from "./index.ts";
import { createRandom, randomList, TABLE_SIZES, type Random, type RandomList } from "./test/random-lists.ts";
import { createRawPeer, type RawPeer } from "./test/raw-peer.ts";

const BATCHES = 2_000;
const LISTS_OF_BATCH = 50;
const COUNT = BATCHES * LISTS_OF_BATCH;
const TABLE = { maxTableSize: 4096, maxListSize: 1_000_000 };
const NEVER_BY_NGHTTP2 = ["authorization", "cookie"];

describe("HPACK with nghttp2 as the peer", { timeout: 120_000 }, () => {
  it(`reads the blocks of ${COUNT} random requests that nghttp2 encodes`, async (t) => {
    const decoder = createHpackDecoder(TABLE);
    const read: HeaderBlock[] = [];
    const faults: unknown[] = [];
    const sizes: number[] = [];
    let peer: RawPeer | undefined;
    const server = net.createServer((socket) => {
      socket.on("error", (error) => faults.push(error));
      // Settings are acknowledged in their order. The first are empty.
      sizes.push(4096);
      peer = createRawPeer(socket, "server", {
        tableSize: () => undefined,
        acknowledged: () => decoder.setMaxTableSize(sizes.shift() ?? 0),
        block(streamId, block) {
          try {
            read.push(decoder.decode(block, 0, block.byteLength));
          } catch (error) {
            faults.push(error);
          }
          peer?.sendHeaders(streamId, Uint8Array.of(0x88));
        },
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const session = http2.connect(`http://127.0.0.1:${port}`, { maxDeflateDynamicTableSize: 65_536 });
    t.after(() => session.destroy());
    await once(session, "connect");

    const random = createRandom(3);
    const sent: RandomList[] = [];
    for (let batch = 0; batch < BATCHES; batch++) {
      const requests = Array.from({ length: LISTS_OF_BATCH }, (_, i) => {
        const list = randomRequest(random, batch === 1 && i === 0);
        sent.push(list);
        return session.request(toObject(list), { endStream: true });
      });
      await Promise.all(requests.map((request) => once(request.resume(), "close")));
      assert.deepEqual(faults, []);
      if (batch % 3 !== 0) continue;
      const size = random.oneOf(TABLE_SIZES);
      sizes.push(size);
      peer?.sendTableSize(size);
      await once(session, "remoteSettings");
    }

    assert.equal(read.length, COUNT);
    for (const [i, { fields, neverIndexed }] of sent.entries()) {
      const block = read[i];
      assert.deepEqual(block?.fields, fields);
      const asked = [...(neverIndexed ?? [])];
      const found = [...(block.neverIndexed ?? [])];
      for (const name of asked) assert.ok(found.includes(name), name);
      for (const name of found) assert.ok(asked.includes(name) || NEVER_BY_NGHTTP2.includes(name), name);
    }
  });

  it(`writes the blocks of ${COUNT} random requests that nghttp2 decodes, and reads its responses`, async (t) => {
    const read: { fields: readonly string[]; neverIndexed: readonly string[] }[] = [];
    const sessions: http2.ServerHttp2Session[] = [];
    const server = http2.createServer({ settings: { headerTableSize: 4096 } });
    server.on("session", (session) => sessions.push(session));
    server.on("stream", (stream, headers, _flags, rawHeaders) => {
      read.push({ fields: rawHeaders, neverIndexed: Reflect.get(headers, http2.sensitiveHeaders) as string[] });
      const answer = { ":status": 200, "x-count": String(read.length), "x-path": headers[":path"] };
      stream.respond(answer, { endStream: true });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;

    const encoder = createHpackEncoder({ maxTableSize: 65_536 });
    const decoder = createHpackDecoder(TABLE);
    const responses = new Map<number, readonly string[]>();
    const faults: unknown[] = [];
    let settings = 0;
    let batchEnds: (() => void) | undefined;
    let settingsArrive: (() => void) | undefined;
    const socket = net.connect(port, "127.0.0.1");
    t.after(() => socket.destroy());
    socket.on("error", (error) => faults.push(error));
    socket.on("close", () => {
      faults.push("the connection was closed");
      batchEnds?.();
      settingsArrive?.();
    });
    const peer = createRawPeer(socket, "client", {
      acknowledged: () => undefined,
      tableSize(size) {
        encoder.setMaxTableSize(size);
        settings++;
        settingsArrive?.();
      },
      block(streamId, block) {
        try {
          responses.set(streamId, decoder.decode(block, 0, block.byteLength).fields);
        } catch (error) {
          faults.push(error);
        }
        if (responses.size % LISTS_OF_BATCH === 0) batchEnds?.();
      },
    });

    const random = createRandom(4);
    const out = new ByteWriter();
    const sent: RandomList[] = [];
    for (let batch = 0; batch < BATCHES; batch++) {
      const ended = new Promise<void>((resolve) => (batchEnds = resolve));
      for (let i = 0; i < LISTS_OF_BATCH; i++) {
        const list = randomRequest(random, batch === 1 && i === 0);
        out.length = 0;
        encoder.encode(list.fields, list.neverIndexed, out);
        peer.sendHeaders(sent.length * 2 + 1, out.bytes.subarray(0, out.length));
        sent.push(list);
      }
      await ended;
      assert.deepEqual(faults, []);
      if (batch % 3 !== 0) continue;
      const before = settings;
      const arrived = new Promise<void>((resolve) => (settingsArrive = resolve));
      sessions[0]?.settings({ headerTableSize: random.oneOf(TABLE_SIZES) });
      if (settings === before) await arrived;
    }

    assert.equal(read.length, COUNT);
    for (const [i, { fields, neverIndexed }] of sent.entries()) {
      const request = read[i];
      assert.deepEqual(request?.fields, fields);
      for (const name of neverIndexed ?? []) assert.ok(request.neverIndexed.includes(name), name);
      const path = fields[fields.indexOf(":path") + 1];
      const response = responses.get(i * 2 + 1) ?? [];
      assert.deepEqual(response.slice(0, 6), [":status", "200", "x-count", String(i + 1), "x-path", path]);
      assert.equal(response[6], "date");
    }
  });
});

/** A random list as a request. `large`: larger than a frame. */
function randomRequest(random: Random, large: boolean): RandomList {
  const { fields, neverIndexed } = randomList(random, "http");
  const request = new Map([
    [":method", random.oneOf(["GET", "POST", "PUT"])],
    [":scheme", "http"],
    [":authority", random.oneOf(["localhost", "api.example.com:8080"])],
    [":path", `/acme.v1.Orders/Get${random.below(50)}`],
  ]);
  // Node does not take every name twice, and knows one value of `te`.
  for (let i = 0; i < fields.length; i += 2)
    request.set(fields[i] ?? "", fields[i] === "te" ? "trailers" : (fields[i + 1] ?? ""));
  if (large) request.set("x-large", "0!".repeat(20_000));
  const present = [...(neverIndexed ?? [])].filter((name) => request.has(name));
  return { fields: [...request].flat(), neverIndexed: present.length > 0 ? new Set(present) : undefined };
}

function toObject({ fields, neverIndexed }: RandomList): http2.OutgoingHttpHeaders {
  const headers: http2.OutgoingHttpHeaders = {};
  for (let i = 0; i < fields.length; i += 2) headers[fields[i] ?? ""] = fields[i + 1];
  return { ...headers, [http2.sensitiveHeaders]: [...(neverIndexed ?? [])] };
}
