import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  block,
  CLIENT_START,
  frame,
  framesIn,
  GET,
  headers,
  POST,
  setting,
  taken,
  uint32,
} from "../../../../test/harness/http2-bytes.ts";
import type { ConnectionEvents } from "./connection-events.ts";
import { Connection } from "./connection.ts";
import { DEFAULT_LIMITS, type ConnectionLimits } from "./limits.ts";
import { ERROR_CODE, FLAG, FRAME, PREFACE, SETTING } from "./numbers.ts";
import type { Stream } from "./stream.ts";

const NAMES = Object.entries(ERROR_CODE);

/** Events that write themselves down. */
function recorder(): {
  readonly events: ConnectionEvents<string>;
  readonly seen: string[];
  readonly streams: Stream<string>[];
} {
  const seen: string[] = [];
  const streams: Stream<string>[] = [];
  return {
    seen,
    streams,
    events: {
      headers: (stream, { fields }, endStream) => {
        if (!streams.includes(stream)) streams.push(stream);
        seen.push(`headers ${stream.id} ${fields.join(" ")}${endStream ? " end" : ""}`);
      },
      headersTooLarge: (stream) => void seen.push(`too large ${stream.id}`),
      data: (stream, bytes, start, end, endStream) =>
        void seen.push(`data ${stream.id} ${bytes.toString("latin1", start, end)}${endStream ? " end" : ""}`),
      sent: () => undefined,
      reset: (stream, code) => void seen.push(`reset ${stream.id} ${nameOf(code)}`),
      output: () => undefined,
      room: () => undefined,
      goaway: (code) => void seen.push(`goaway ${nameOf(code)}`),
    },
  };
}

function nameOf(code: number): string {
  return NAMES.find(([, value]) => value === code)?.[0] ?? String(code);
}

/** A server's side that has read the start of a client, and then the given bytes. */
function server(limits: Partial<ConnectionLimits> = {}, ...bytes: Buffer[]) {
  const recorded = recorder();
  const connection = new Connection("server", recorded.events, { ...DEFAULT_LIMITS, ...limits });
  connection.receive(CLIENT_START, 0);
  taken(connection);
  for (const each of bytes) connection.receive(each, 0);
  return { connection, ...recorded };
}

/** What the last of the frames says that were sent: how the connection or the stream ended. */
function ending(connection: Connection<string>): string {
  const last = framesIn(taken(connection)).at(-1);
  if (last?.type === FRAME.GOAWAY) return `connection ${nameOf(last.payload.readUInt32BE(4))}`;
  if (last?.type === FRAME.RST_STREAM) return `stream ${last.streamId} ${nameOf(last.payload.readUInt32BE(0))}`;
  return "none";
}

describe("Connection, as a server", () => {
  it("tells what requests say, and answers them", () => {
    const { connection, seen, streams } = server(
      {},
      headers(1, POST),
      frame(FRAME.DATA, FLAG.END_STREAM, 1, Buffer.from("hi")),
    );
    assert.deepEqual(seen, [`headers 1 ${POST.join(" ")}`, "data 1 hi end"]);
    const [stream] = streams;
    assert.ok(stream);
    connection.sendHeaders(stream, { fields: [":status", "200"], neverIndexed: undefined }, false);
    connection.sendData(stream, Buffer.from("hello"), 0, 5, true);
    assert.deepEqual(
      framesIn(taken(connection)).map(({ type, flags, streamId }) => [type, flags, streamId]),
      [
        [FRAME.HEADERS, FLAG.END_HEADERS, 1],
        [FRAME.DATA, FLAG.END_STREAM, 1],
      ],
    );
    assert.equal(connection.size, 0);
  });

  it("announces its limits, and no push", () => {
    const connection = new Connection<string>("client", recorder().events);
    const [first] = framesIn(taken(connection));
    assert.equal(first?.type, FRAME.SETTINGS);
    assert.deepEqual(first.payload.subarray(0, 6), setting(SETTING.ENABLE_PUSH, 0));
  });

  it("takes a header block apart from its padding, its priority and its CONTINUATIONs", () => {
    const bytes = block(POST);
    const padded = Buffer.concat([
      Buffer.from([3]),
      uint32(0),
      Buffer.from([16]),
      bytes.subarray(0, 5),
      Buffer.alloc(3),
    ]);
    const { seen } = server(
      {},
      frame(FRAME.HEADERS, FLAG.PADDED | FLAG.PRIORITY, 1, padded),
      frame(FRAME.CONTINUATION, 0, 1, bytes.subarray(5, 9)),
      frame(FRAME.CONTINUATION, FLAG.END_HEADERS, 1, bytes.subarray(9)),
      frame(FRAME.DATA, FLAG.PADDED | FLAG.END_STREAM, 1, Buffer.from("\u0002abc\0\0", "latin1")),
    );
    assert.deepEqual(seen, [`headers 1 ${POST.join(" ")}`, "data 1 abc end"]);
  });

  const faults: readonly { readonly name: string; readonly bytes: readonly Buffer[]; readonly ends: string }[] = [
    { name: "DATA on stream 0", bytes: [frame(FRAME.DATA, 0, 0)], ends: "connection PROTOCOL_ERROR" },
    {
      name: "DATA on a stream that was never begun",
      bytes: [frame(FRAME.DATA, 0, 1)],
      ends: "connection PROTOCOL_ERROR",
    },
    {
      name: "DATA behind the end",
      bytes: [headers(1, GET, true), frame(FRAME.DATA, 0, 1)],
      ends: "stream 1 STREAM_CLOSED",
    },
    {
      name: "HEADERS behind the end",
      bytes: [headers(1, GET, true), headers(1, GET, true)],
      ends: "stream 1 STREAM_CLOSED",
    },
    {
      name: "HEADERS on a lower stream",
      bytes: [headers(3, GET, true), headers(1, GET, true)],
      ends: "connection STREAM_CLOSED",
    },
    { name: "HEADERS on an even stream", bytes: [headers(2, GET, true)], ends: "connection PROTOCOL_ERROR" },
    {
      name: "too much padding",
      bytes: [headers(1, POST), frame(FRAME.DATA, FLAG.PADDED, 1, Buffer.from([9, 0]))],
      ends: "connection PROTOCOL_ERROR",
    },
    {
      name: "another frame within a header block",
      bytes: [frame(FRAME.HEADERS, 0, 1, block(GET)), frame(FRAME.PING, 0, 0, Buffer.alloc(8))],
      ends: "connection PROTOCOL_ERROR",
    },
    { name: "CONTINUATION alone", bytes: [frame(FRAME.CONTINUATION, 0, 1)], ends: "connection PROTOCOL_ERROR" },
    {
      name: "a block that is no HPACK",
      bytes: [frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, Buffer.from([0x80]))],
      ends: "connection COMPRESSION_ERROR",
    },
    {
      name: "PUSH_PROMISE",
      bytes: [frame(FRAME.PUSH_PROMISE, FLAG.END_HEADERS, 1, uint32(2))],
      ends: "connection PROTOCOL_ERROR",
    },
    {
      name: "a PING of 7 bytes",
      bytes: [frame(FRAME.PING, 0, 0, Buffer.alloc(7))],
      ends: "connection FRAME_SIZE_ERROR",
    },
    {
      name: "SETTINGS of 5 bytes",
      bytes: [frame(FRAME.SETTINGS, 0, 0, Buffer.alloc(5))],
      ends: "connection FRAME_SIZE_ERROR",
    },
    { name: "SETTINGS on a stream", bytes: [frame(FRAME.SETTINGS, 0, 1)], ends: "connection PROTOCOL_ERROR" },
    {
      name: "a window setting that is too large",
      bytes: [frame(FRAME.SETTINGS, 0, 0, setting(SETTING.INITIAL_WINDOW_SIZE, 2 ** 31))],
      ends: "connection FLOW_CONTROL_ERROR",
    },
    {
      name: "a frame size that is too small",
      bytes: [frame(FRAME.SETTINGS, 0, 0, setting(SETTING.MAX_FRAME_SIZE, 16_383))],
      ends: "connection PROTOCOL_ERROR",
    },
    {
      name: "credit of 0 for the connection",
      bytes: [frame(FRAME.WINDOW_UPDATE, 0, 0, uint32(0))],
      ends: "connection PROTOCOL_ERROR",
    },
    {
      name: "credit of 0 for a stream",
      bytes: [headers(1, POST), frame(FRAME.WINDOW_UPDATE, 0, 1, uint32(0))],
      ends: "stream 1 PROTOCOL_ERROR",
    },
    {
      name: "more credit than there can be",
      bytes: [headers(1, POST), frame(FRAME.WINDOW_UPDATE, 0, 1, uint32(2 ** 31 - 1))],
      ends: "stream 1 FLOW_CONTROL_ERROR",
    },
    {
      name: "more credit for the connection than there can be",
      bytes: [frame(FRAME.WINDOW_UPDATE, 0, 0, uint32(2 ** 31 - 1))],
      ends: "connection FLOW_CONTROL_ERROR",
    },
    {
      name: "a stream that depends on itself",
      bytes: [frame(FRAME.PRIORITY, 0, 1, Buffer.concat([uint32(1), Buffer.from([0])]))],
      ends: "stream 1 PROTOCOL_ERROR",
    },
    {
      name: "RST_STREAM on a stream that was never begun",
      bytes: [frame(FRAME.RST_STREAM, 0, 1, uint32(8))],
      ends: "connection PROTOCOL_ERROR",
    },
    {
      name: "no :path",
      bytes: [headers(1, [":method", "GET", ":scheme", "http"], true)],
      ends: "stream 1 PROTOCOL_ERROR",
    },
    { name: "a name in upper case", bytes: [headers(1, [...GET, "X-A", "1"], true)], ends: "stream 1 PROTOCOL_ERROR" },
    {
      name: "a line break in a value",
      bytes: [headers(1, [...GET, "x-a", "1\r\nb: 2"], true)],
      ends: "stream 1 PROTOCOL_ERROR",
    },
    {
      name: "a field of HTTP/1.1",
      bytes: [headers(1, [...GET, "connection", "close"], true)],
      ends: "stream 1 PROTOCOL_ERROR",
    },
    {
      name: "te that is not trailers",
      bytes: [headers(1, [...GET, "te", "gzip"], true)],
      ends: "stream 1 PROTOCOL_ERROR",
    },
    {
      name: "a pseudo-field behind others",
      bytes: [headers(1, ["x-a", "1", ...GET], true)],
      ends: "stream 1 PROTOCOL_ERROR",
    },
    {
      name: "a pseudo-field twice",
      bytes: [headers(1, [...GET, ":path", "/b"], true)],
      ends: "stream 1 PROTOCOL_ERROR",
    },
    {
      name: "a body longer than content-length",
      bytes: [headers(1, [...POST, "content-length", "1"]), frame(FRAME.DATA, 0, 1, Buffer.from("ab"))],
      ends: "stream 1 PROTOCOL_ERROR",
    },
    {
      name: "a body shorter than content-length",
      bytes: [headers(1, [...POST, "content-length", "3"]), frame(FRAME.DATA, FLAG.END_STREAM, 1, Buffer.from("ab"))],
      ends: "stream 1 PROTOCOL_ERROR",
    },
    {
      name: "no body, where there should be one",
      bytes: [headers(1, [...POST, "content-length", "3"], true)],
      ends: "stream 1 PROTOCOL_ERROR",
    },
    {
      name: "two lengths",
      bytes: [headers(1, [...POST, "content-length", "3", "content-length", "4"])],
      ends: "stream 1 PROTOCOL_ERROR",
    },
    {
      name: "trailers that do not end the stream",
      bytes: [headers(1, POST), headers(1, ["x-a", "1"])],
      ends: "stream 1 PROTOCOL_ERROR",
    },
    {
      name: "a pseudo-field in trailers",
      bytes: [headers(1, POST), headers(1, [":path", "/"], true)],
      ends: "stream 1 PROTOCOL_ERROR",
    },
  ];
  for (const { name, bytes, ends } of faults)
    it(`ends with ${ends} at ${name}`, () => assert.equal(ending(server({}, ...bytes).connection), ends));

  it("ends at a preface that is none, and at a first frame that is not SETTINGS", () => {
    for (const bytes of [
      Buffer.from("GET / HTTP/1.1\r\n"),
      Buffer.concat([PREFACE, frame(FRAME.PING, 0, 0, Buffer.alloc(8))]),
    ]) {
      const connection = new Connection<string>("server", recorder().events);
      connection.receive(bytes, 0);
      assert.equal(ending(connection), "connection PROTOCOL_ERROR");
    }
  });

  it("goes on with other streams after a fault that is one stream's", () => {
    const { connection, seen } = server({}, headers(1, [":method", "GET"], true), headers(3, GET, true));
    assert.deepEqual(seen, ["reset 1 PROTOCOL_ERROR", `headers 3 ${GET.join(" ")} end`]);
    assert.equal(connection.error, undefined);
  });

  it("refuses streams beyond the limit, and ignores what comes for them", () => {
    const { connection, seen } = server(
      { maxConcurrentStreams: 1 },
      headers(1, POST),
      headers(3, POST),
      frame(FRAME.DATA, FLAG.END_STREAM, 3, Buffer.from("x")),
      frame(FRAME.DATA, 0, 1, Buffer.from("y")),
    );
    assert.deepEqual(seen, [`headers 1 ${POST.join(" ")}`, "data 1 y"]);
    assert.equal(ending(connection), "stream 3 REFUSED_STREAM");
  });

  it("tells of a header block that is too large, and reads on with the tables in step", () => {
    const { connection, seen } = server(
      { maxHeaderListBytes: 500 },
      headers(1, [...GET, "x-a", "a".repeat(400)], true),
      headers(3, GET, true),
    );
    assert.deepEqual(seen, ["too large 1", `headers 3 ${GET.join(" ")} end`]);
    assert.equal(connection.error, undefined);
  });

  it("takes no new streams while it drains, and lets those that are there end", () => {
    const { connection, seen } = server({}, headers(1, POST));
    connection.drain();
    connection.receive(
      Buffer.concat([headers(3, GET, true), frame(FRAME.DATA, FLAG.END_STREAM, 1, Buffer.from("z"))]),
      0,
    );
    assert.deepEqual(seen, [`headers 1 ${POST.join(" ")}`, "data 1 z end"]);
  });

  const floods: readonly { readonly name: string; readonly before?: Buffer; readonly one: (i: number) => Buffer }[] = [
    {
      name: "resets",
      one: (i) => Buffer.concat([headers(i * 2 + 1, GET, true), frame(FRAME.RST_STREAM, 0, i * 2 + 1, uint32(8))]),
    },
    { name: "streams that we have to reset", one: (i) => headers(i * 2 + 1, [":method", "GET"], true) },
    { name: "settings", one: () => frame(FRAME.SETTINGS, 0, 0) },
    { name: "priorities", one: () => frame(FRAME.PRIORITY, 0, 1, Buffer.alloc(5)) },
    { name: "empty frames", before: headers(1, POST), one: () => frame(FRAME.DATA, 0, 1) },
    { name: "frames that nobody knows", one: () => frame(99, 0, 0) },
    { name: "pings that nobody reads the answers of", one: () => frame(FRAME.PING, 0, 0, Buffer.alloc(8)) },
    {
      name: "parts of a header block",
      before: frame(FRAME.HEADERS, 0, 1, block(GET)),
      one: () => frame(FRAME.CONTINUATION, 0, 1),
    },
  ];
  for (const { name, before, one } of floods) {
    it(`ends with ENHANCE_YOUR_CALM at a flood of ${name}`, () => {
      const { connection } = server({}, ...(before ? [before] : []));
      let sent = 0;
      while (!connection.error && sent < 10_000) connection.receive(one(sent++), 0);
      assert.equal(connection.error?.code, ERROR_CODE.ENHANCE_YOUR_CALM, `after ${sent}`);
    });
  }

  it("bears what a busy client does: pings that are answered, and now and then a reset", () => {
    const { connection } = server();
    for (let i = 0; i < 20_000; i++) {
      connection.receive(headers(i * 2 + 1, GET, true), i * 20);
      connection.receive(frame(FRAME.RST_STREAM, 0, i * 2 + 1, uint32(8)), i * 20);
      connection.receive(frame(FRAME.PING, 0, 0, Buffer.alloc(8)), i * 20);
      taken(connection);
    }
    assert.equal(connection.error, undefined);
  });

  it("throws nothing and keeps little, whatever comes", () => {
    const anyFrame = fc
      .record({
        type: fc.nat({ max: 10 }),
        flags: fc.constantFrom(0, 1, 4, 5, 8, 0x20, 0x25, 0xff),
        streamId: fc.nat({ max: 9 }),
        payload: fc.oneof(
          fc.uint8Array({ maxLength: 20 }),
          fc.constantFrom(block(GET), block(POST), uint32(1), uint32(70_000), setting(4, 0), setting(4, 100_000)),
        ),
      })
      .map((each) => frame(each.type, each.flags, each.streamId, each.payload));
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 9, arbitrary: anyFrame }, fc.uint8Array({ maxLength: 30 })), { maxLength: 40 }),
        (parts) => {
          const { connection, streams } = server();
          for (const part of parts) {
            connection.receive(Buffer.from(part), 0);
            for (const stream of streams) connection.sendData(stream, Buffer.alloc(100), 0, 100, false);
          }
          connection.lost();
          assert.equal(connection.size, 0);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("Connection, as a client", () => {
  function client(...bytes: Buffer[]) {
    const recorded = recorder();
    const connection = new Connection("client", recorded.events);
    connection.receive(frame(FRAME.SETTINGS, 0, 0, setting(SETTING.MAX_CONCURRENT_STREAMS, 2)), 0);
    taken(connection);
    const open = (): Stream<string> => connection.open("call", { fields: GET, neverIndexed: undefined }, true);
    for (const each of bytes) connection.receive(each, 0);
    return { connection, open, ...recorded };
  }

  it("begins no stream before it has the peer's settings, nor more than those allow", () => {
    const connection = new Connection<string>("client", recorder().events);
    assert.equal(connection.canOpen, false);
    const { connection: open, open: begin } = client();
    assert.equal(open.canOpen, true);
    begin();
    begin();
    assert.equal(open.canOpen, false);
  });

  it("tells interim responses, the response, and trailers", () => {
    const { connection, open, seen } = client();
    open();
    connection.receive(headers(1, [":status", "103", "link", "a"]), 0);
    connection.receive(headers(1, [":status", "200"]), 0);
    connection.receive(frame(FRAME.DATA, 0, 1, Buffer.from("x")), 0);
    connection.receive(headers(1, ["grpc-status", "0"], true), 0);
    assert.deepEqual(seen, [
      "headers 1 :status 103 link a",
      "headers 1 :status 200",
      "data 1 x",
      "headers 1 grpc-status 0 end",
    ]);
    assert.equal(connection.size, 0);
  });

  it("tells the streams that the peer has not seen, when it goes away, and begins none", () => {
    const { connection, open, seen } = client();
    open();
    open();
    connection.receive(frame(FRAME.GOAWAY, 0, 0, Buffer.concat([uint32(1), uint32(0)])), 0);
    assert.deepEqual(seen, ["reset 3 REFUSED_STREAM", "goaway NO_ERROR"]);
    assert.equal(connection.canOpen, false);
    connection.receive(headers(1, [":status", "200"], true), 0);
    assert.equal(seen.at(-1), "headers 1 :status 200 end");
  });

  it("tells all streams when the connection is gone", () => {
    const { connection, open, seen } = client();
    open();
    connection.lost();
    assert.deepEqual(seen, ["reset 1 CONNECT_ERROR"]);
    connection.lost();
    assert.equal(seen.length, 1);
  });

  for (const fields of [
    ["x-a", "1"],
    [":status", "20"],
    [":status", "200", ":status", "200"],
    [":status", "101x"],
  ]) {
    it(`gives up a stream whose response is ${fields.join(" ")}`, () => {
      const { connection, open, seen } = client();
      open();
      connection.receive(headers(1, fields), 0);
      assert.deepEqual(seen, ["reset 1 PROTOCOL_ERROR"]);
      assert.equal(ending(connection), "stream 1 PROTOCOL_ERROR");
    });
  }
});
