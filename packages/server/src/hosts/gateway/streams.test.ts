import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type ClientHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { before, describe, it } from "node:test";
import { cleanUp, forSuite } from "../../../test/harness/cleanup.ts";
import { eventually } from "../../../test/harness/eventually.ts";
import { startPassingGateway } from "../../../test/harness/gateway.ts";

const MIB = 1024 * 1024;

/** Writes as fast as the reader lets it. */
function write(stream: ServerHttp2Stream, size: number, onWritten: (bytes: number) => void, atEnd: () => void): void {
  const chunk = Buffer.alloc(64 * 1024, 7);
  let written = 0;
  const go = (): void => {
    while (written < size) {
      written += chunk.byteLength;
      onWritten(written);
      if (!stream.write(chunk)) return;
    }
    atEnd();
  };
  stream.on("drain", go);
  go();
}

describe("a gateway between Node's HTTP/2 on both sides", () => {
  const suite = forSuite();
  let session: ClientHttp2Session;
  let url: string;
  let answer: (stream: ServerHttp2Stream) => void;
  before(async () => {
    const upstream = createServer();
    upstream.on("stream", (stream) => {
      stream.on("error", () => undefined);
      answer(stream);
    });
    upstream.listen(0, "127.0.0.1");
    await once(upstream, "listening");
    cleanUp(suite, () => void upstream.close());
    const gateway = await startPassingGateway(suite, (upstream.address() as AddressInfo).port);
    url = `http://127.0.0.1:${gateway.address.port}`;
    session = connect(url);
    cleanUp(suite, () => session.destroy());
  });

  async function sizeOf(request: ReturnType<ClientHttp2Session["request"]>): Promise<number> {
    let size = 0;
    for await (const chunk of request) size += (chunk as Buffer).byteLength;
    return size;
  }

  for (const size of [MIB, 10 * MIB]) {
    it(`delivers all ${size / MIB} MiB of a response whose server does not read the request`, async () => {
      answer = (stream) => {
        stream.respond({ ":status": 200 });
        // Node ends such a stream with RST_STREAM of NO_ERROR, and no END_STREAM before it.
        write(
          stream,
          size,
          () => undefined,
          () => stream.end(),
        );
      };
      assert.equal(await sizeOf(session.request({ ":path": "/" })), size);
    });
  }

  it("holds one stream back whose reader does not read, and no other on the connection", async () => {
    let written = 0;
    answer = (stream) => {
      stream.resume();
      stream.respond({ ":status": 200 });
      write(
        stream,
        100 * MIB,
        (bytes) => (written = bytes),
        () => stream.end(),
      );
    };
    const slow = session.request({ ":path": "/slow" });
    let last = -1;
    await eventually("the writer stands still", async () => {
      const stands = written > 0 && written === last;
      last = written;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return stands;
    });
    assert.ok(written < 10 * MIB, `${written} bytes were taken`);
    answer = (stream) => {
      stream.resume();
      stream.respond({ ":status": 200 });
      stream.end("quick");
    };
    assert.equal(await sizeOf(session.request({ ":path": "/quick" })), 5);
    slow.close();
  });

  it("passes a body up, and lets a server answer before it has all of it", async () => {
    answer = (stream) => {
      let size = 0;
      stream.respond({ ":status": 200 });
      stream.on("data", (chunk: Buffer) => (size += chunk.byteLength));
      stream.on("end", () => stream.end(String(size)));
    };
    const request = session.request({ ":path": "/", ":method": "POST" });
    const [headers] = (await once(request, "response")) as [Record<string, unknown>];
    assert.equal(headers[":status"], 200);
    for (let i = 0; i < 100; i++) if (!request.write(Buffer.alloc(100_000))) await once(request, "drain");
    request.end();
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk as string;
    assert.equal(text, "10000000");
  });
});

describe("10,000 idle streams", () => {
  it("stay open, take messages, and end, before an API that allows 250 on a connection", async (t) => {
    const upstream = createServer({ settings: { maxConcurrentStreams: 250 } });
    const streams: ServerHttp2Stream[] = [];
    let connections = 0;
    upstream.on("session", () => connections++);
    upstream.on("stream", (stream) => {
      streams.push(stream);
      stream.on("error", () => undefined);
      stream.respond({ ":status": 200 });
      stream.on("data", (chunk: Buffer) => stream.write(chunk));
      stream.on("end", () => stream.end());
    });
    upstream.listen(0, "127.0.0.1");
    await once(upstream, "listening");
    cleanUp(t, () => void upstream.close());
    const gateway = await startPassingGateway(t, (upstream.address() as AddressInfo).port);
    const sessions = Array.from({ length: 40 }, () => connect(`http://127.0.0.1:${gateway.address.port}`));
    cleanUp(t, () => {
      for (const each of sessions) each.destroy();
    });
    const idle = sessions.flatMap((each) =>
      Array.from({ length: 250 }, () => each.request({ ":path": "/idle", ":method": "POST" })),
    );
    await Promise.all(idle.map((request) => once(request, "response")));
    assert.equal(streams.length, 10_000);
    assert.ok(connections <= 60, `${connections} connections`);
    const echoed = idle.map((request) => once(request, "data"));
    for (const [i, request] of idle.entries()) request.write(String(i));
    for (const [i, [chunk]] of (await Promise.all(echoed)).entries()) assert.equal(String(chunk), String(i));
    const ended = idle.map((request) => once(request.resume(), "end"));
    for (const request of idle) request.end();
    await Promise.all(ended);
  });
});
