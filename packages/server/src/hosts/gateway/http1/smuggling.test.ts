import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { before, beforeEach, describe, it } from "node:test";
import { cleanUp, forSuite } from "../../../../test/harness/cleanup.ts";
import { eventually } from "../../../../test/harness/eventually.ts";
import { startPassingGateway } from "../../../../test/harness/gateway.ts";
import type { Gateway } from "../index.ts";

const HIDDEN = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";

/** Requests whose end could be read in more than one way: each holds another one, which nobody has asked for. */
const REQUESTS: Readonly<Record<string, string>> = {
  "a length and chunks": `Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`,
  "chunks and a length": `Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 50\r\n\r\n0\r\n\r\n${HIDDEN}`,
  "two lengths": `Host: a\r\nContent-Length: 0\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  "a list of lengths": `Host: a\r\nContent-Length: 0, ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  "a length with a sign": `Host: a\r\nContent-Length: +${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  "a length that is taken off by connection": `Host: a\r\nConnection: content-length\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  "chunks that are taken off by connection": `Host: a\r\nConnection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`,
  "another coding behind chunks": `Host: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${HIDDEN}`,
  "a name of a coding that is none": `Host: a\r\nTransfer-Encoding: xchunked\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  "a space before the colon": `Host: a\r\nTransfer-Encoding : chunked\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  "a folded line": `Host: a\r\nX-A: b\r\n Transfer-Encoding: chunked\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  "a folded coding": `Host: a\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  "a CR without its LF": `Host: a\r\nX-A: b\rTransfer-Encoding: chunked\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  "an LF without its CR": `Host: a\r\nX-A: b\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  "an extension of a chunk with an LF in it": `Host: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a\nxx\r\nhello\r\n0\r\n\r\n`,
  "a chunk longer than it says": `Host: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n${HIDDEN}`,
  "a chunk of a size that overflows": `Host: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000001\r\na\r\n0\r\n\r\n`,
  "trailers that frame the body": `Host: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\nHost: b\r\n\r\n`,
  "a body that is held back": `Host: a\r\nExpect: 100-continue\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  "an expectation that nobody knows": `Host: a\r\nExpect: x\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  "an upgrade with a body": `Host: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  "an upgrade to HTTP/2": `Host: a\r\nConnection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  "two hosts": `Host: a\r\nHost: b\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
};

describe("a gateway with HTTP/1.1 on both sides", () => {
  const suite = forSuite();
  const seen: string[] = [];
  let gateway: Gateway;
  before(async () => {
    // It takes what others would not.
    const api = createServer({ insecureHTTPParser: true, requireHostHeader: false }, (request, response) => {
      seen.push(`${request.method} ${request.url}`);
      request.resume().on("end", () => {
        if (Object.keys(request.trailers).some((name) => /^(host|content-length|transfer-encoding)$/.test(name)))
          seen.push("trailers of the framing");
        response.end("ok");
      });
    }).listen(0, "127.0.0.1");
    await once(api, "listening");
    cleanUp(suite, () => void api.close());
    gateway = await startPassingGateway(suite, (api.address() as AddressInfo).port, { http: "1.1" });
  });
  beforeEach(() => void (seen.length = 0));

  for (const [name, rest] of Object.entries(REQUESTS)) {
    it(`sends one request on at most, for ${name}`, async (t) => {
      const socket = connect(gateway.address.port, "127.0.0.1");
      cleanUp(t, () => socket.destroy());
      let text = "";
      let isClosed = false;
      socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
      socket.on("error", () => undefined);
      socket.on("close", () => (isClosed = true));
      socket.write(`POST /shown HTTP/1.1\r\n${rest}`);
      await eventually("an answer, or an end", () => isClosed || /HTTP\/1\.1 [2-5]/.test(text));
      await delay(50);
      assert.ok(seen.length === 0 || (seen.length === 1 && seen[0] === "POST /shown"), `${seen.join(", ")}: ${text}`);
    });
  }
});
