import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { connect } from "node:tls";
import { createCertificate } from "../../test/harness/certificate.ts";
import { cleanUp } from "../../test/harness/cleanup.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { createFront } from "./http-version.ts";

const LARGE = 4 * 1024 * 1024;

describe("createFront()", () => {
  it("takes a request over TLS that comes while the answer before it has not left", async (t) => {
    const certificate = await createCertificate(t);
    let asked = 0;
    const http1 = createServer((request, response) => {
      asked++;
      let size = 0;
      request.on("data", (chunk: Buffer) => (size += chunk.byteLength));
      request.on("end", () => response.end(size === 0 ? Buffer.alloc(LARGE) : `the body had ${size} bytes`));
    });
    http1.on("clientError", (_error, socket) => socket.destroy());
    const tls = { cert: await readFile(certificate.certFile), key: await readFile(certificate.keyFile) };
    const front = createFront(tls, {
      http1: (socket) => void http1.emit("connection", socket),
      http2: () => assert.fail(),
    });
    front.listen(0, "127.0.0.1");
    await once(front, "listening");
    cleanUp(t, () => void front.close());
    const { port } = front.address() as AddressInfo;

    const socket = connect({ host: "localhost", port, ca: certificate.ca, ALPNProtocols: ["http/1.1"] });
    cleanUp(t, () => socket.destroy());
    socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await eventually("the first request is there", () => asked === 1);
    // In one piece, so that the head is read together with some of the body.
    const head = Buffer.from(`POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${LARGE}\r\n\r\n`);
    socket.write(Buffer.concat([head, Buffer.alloc(LARGE)]));
    await eventually("the second request is there", () => asked === 2);
    let end = "";
    socket.on("data", (chunk: Buffer) => (end = (end + chunk.toString("latin1")).slice(-100)));
    await eventually("the second answer is there", () => end.includes("bytes") || socket.destroyed);
    assert.match(end, new RegExp(`the body had ${LARGE} bytes$`));
  });
});
