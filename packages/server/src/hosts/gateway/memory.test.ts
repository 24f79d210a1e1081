import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttp1Server, request as httpRequest, type IncomingMessage } from "node:http";
import { connect, createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, it } from "node:test";
import { cleanUp, type Cleanup } from "../../../test/harness/cleanup.ts";
import { startServer } from "../../../test/harness/server.ts";
import { SHOP_PROTOS } from "../../../test/harness/shop.ts";

const MIB = 1024 * 1024;
const SIZE = 1024 * MIB;
/** Most memory of the server's whole process. */
const MOST_MIB = 200;

/** As many bytes, as fast as they are taken. */
function source(): Readable {
  const chunk = Buffer.alloc(64 * 1024, 7);
  let left = SIZE;
  return new Readable({
    highWaterMark: 256 * 1024,
    read() {
      while (left > 0) {
        left -= chunk.byteLength;
        if (!this.push(chunk)) return;
      }
      this.push(null);
    },
  });
}

/** Counts bytes. */
function sink(onEnd: (size: number) => void): Writable {
  let size = 0;
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      size += chunk.byteLength;
      done();
    },
    final(done) {
      onEnd(size);
      done();
    },
  });
}

/** An API that sends 1 GiB to who asks for it, and says how much it was sent. */
async function startApi(t: Cleanup, version: "1.1" | "2"): Promise<number> {
  const server =
    version === "2"
      ? createHttp2Server((request, response) => {
          if (request.method === "GET") source().pipe(response);
          else request.pipe(sink((size) => response.end(String(size))));
        })
      : createHttp1Server((request, response) => {
          if (request.method === "GET") source().pipe(response);
          else request.pipe(sink((size) => response.end(String(size))));
        });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp(t, () => void (server as Server).close());
  return (server.address() as AddressInfo).port;
}

async function down(t: Cleanup, version: "1.1" | "2", port: number): Promise<number> {
  let size = 0;
  const counted = sink((all) => (size = all));
  if (version === "2") {
    const session = connect(`http://127.0.0.1:${port}`);
    cleanUp(t, () => session.destroy());
    await pipeline(session.request({ ":path": "/" }), counted);
  } else {
    const request = httpRequest({ port, agent: false }).end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    await pipeline(response, counted);
  }
  return size;
}

async function up(t: Cleanup, version: "1.1" | "2", port: number): Promise<number> {
  const session = connect(`http://127.0.0.1:${port}`);
  cleanUp(t, () => session.destroy());
  const request =
    version === "2"
      ? session.request({ ":path": "/", ":method": "POST" })
      : httpRequest({ port, agent: false, method: "POST" });
  const answered = once(request, "response");
  source().pipe(request);
  const [response] = (await answered) as [IncomingMessage];
  const text = await (version === "2" ? (request as unknown as Readable) : response).toArray();
  return Number(Buffer.concat(text as Buffer[]).toString());
}

/** Most memory that a process has had, in bytes. */
function peakOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

/** Has `peakOf` count from now on (proc_pid_clear_refs(5)): a start reads hundreds of modules, and on a busy machine it is a while until V8 has collected what that leaves behind. */
function forgetPeakOf(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

describe("1 GiB through a gateway", { skip: existsSync("/proc/self/status") ? false : "/proc is not there" }, () => {
  const versions = ["1.1", "2"] as const;
  for (const version of versions) {
    for (const [direction, carry] of Object.entries({ down, up })) {
      it(`passes ${direction} over HTTP/${version} on both sides, in less memory than 200 MiB`, async (t) => {
        const port = await startApi(t, version);
        const gateway = {
          name: "api",
          listen: "127.0.0.1:0",
          upstream: `http://127.0.0.1:${port}`,
          descriptors: SHOP_PROTOS,
        };
        // One of its own: what the streams before have left behind is none of this one's.
        const env = { INTERPOSE_GATEWAYS: JSON.stringify([gateway]) };
        const server = await startServer(t, { env, databaseUrl: undefined });
        const listening = Number(/:(\d+) before .*api/.exec(server.stdout())?.[1]);
        const peakOfStart = Math.round(peakOf(server.pid) / MIB);
        forgetPeakOf(server.pid);
        assert.equal(await carry(t, version, listening), SIZE);
        const peak = Math.round(peakOf(server.pid) / MIB);
        t.diagnostic(`${peak} MiB, and ${peakOfStart} MiB while it started`);
        assert.ok(peak < MOST_MIB, `${peak} MiB`);
      });
    }
  }
});
