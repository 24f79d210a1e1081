import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect as connectHttp2, createSecureServer, createServer, type IncomingHttpHeaders } from "node:http2";
import { createServer as createHttpsServer, request as httpsRequest } from "node:https";
import type { IncomingMessage } from "node:http";
import { connect as connectTcp, type AddressInfo, type Server } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { before, describe, it } from "node:test";
import { createCertificate, type TestCertificate } from "../../../test/harness/certificate.ts";
import { cleanUp, forSuite, type Cleanup } from "../../../test/harness/cleanup.ts";
import { eventually } from "../../../test/harness/eventually.ts";
import { startPassingGateway } from "../../../test/harness/gateway.ts";

async function listening(t: Cleanup, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp(t, () => void server.close());
  return (server.address() as AddressInfo).port;
}

/** What a client of HTTP/1.1 over TLS is answered. */
async function askHttp1(port: number, ca: string): Promise<string> {
  const request = httpsRequest({ host: "localhost", port, ca, agent: false }).end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk as string;
  return text;
}

/** What a client of HTTP/2 over TLS is answered. */
async function askHttp2(port: number, ca: string): Promise<string> {
  const session = connectHttp2(`https://localhost:${port}`, { ca });
  try {
    const stream = session.request({ ":path": "/" });
    let text = "";
    for await (const chunk of stream.setEncoding("utf8")) text += chunk as string;
    return text;
  } finally {
    session.close();
  }
}

describe("a gateway with TLS towards its clients", () => {
  const suite = forSuite();
  let certificate: TestCertificate;
  let port: number;
  before(async () => {
    certificate = await createCertificate(suite);
    const upstream = createServer((request, response) => {
      const { "x-forwarded-proto": proto, forwarded } = request.headers;
      response.end(`${String(proto)} ${request.scheme} ${forwarded ?? ""}`);
    });
    const tls = { cert: await readFile(certificate.certFile), key: await readFile(certificate.keyFile) };
    const gateway = await startPassingGateway(suite, await listening(suite, upstream), {}, { tls });
    port = gateway.address.port;
  });

  it("speaks HTTP/2 and HTTP/1.1, and tells the API that its client spoke TLS", async () => {
    assert.equal(await askHttp2(port, certificate.ca), "https http ");
    assert.equal(await askHttp1(port, certificate.ca), "https http ");
  });

  const offers = [
    { offered: ["h2", "http/1.1"], chosen: "h2" },
    { offered: ["http/1.1"], chosen: "http/1.1" },
    { offered: undefined, chosen: false },
  ];
  for (const { offered, chosen } of offers) {
    it(`chooses ${String(chosen)} of ${String(offered)}`, async (t) => {
      const socket = connectTls({
        host: "localhost",
        port,
        ca: certificate.ca,
        ...(offered && { ALPNProtocols: offered }),
      });
      cleanUp(t, () => socket.destroy());
      await once(socket, "secureConnect");
      assert.equal(socket.alpnProtocol, chosen);
    });
  }

  it("goes on when a client speaks no TLS, or breaks off in its handshake", async () => {
    for (const bytes of ["GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01"]) {
      const socket = connectTcp(port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write(bytes, "latin1");
      await new Promise((resolve) => setTimeout(resolve, 30));
      socket.resetAndDestroy();
    }
    assert.equal(await askHttp2(port, certificate.ca), "https http ");
  });

  it("speaks nothing older than TLS 1.2", async () => {
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    const socket = connectTls({ host: "localhost", port, ca: certificate.ca, ...old });
    await assert.rejects(once(socket, "secureConnect"));
  });
});

describe("a gateway before an API that speaks TLS", () => {
  const suite = forSuite();
  let certificate: TestCertificate;
  let pair: { cert: string; key: Buffer };
  before(async () => {
    certificate = await createCertificate(suite);
    pair = { cert: certificate.ca, key: await readFile(certificate.keyFile) };
  });

  /** The two ways of naming this machine: a name, and an address. */
  for (const host of ["localhost", "127.0.0.1"]) {
    it(`checks its certificate for ${host}, and passes`, async (t) => {
      const upstream = createSecureServer(pair);
      upstream.on("stream", (stream, headers: IncomingHttpHeaders) => {
        stream.respond({ ":status": 200 });
        stream.end(headers[":scheme"]);
      });
      const port = await listening(t, upstream);
      const url = new URL(`https://${host}:${port}`);
      const trusting = await startPassingGateway(t, port, { url, ca: certificate.ca });
      assert.equal(await (await fetch(`http://127.0.0.1:${trusting.address.port}`)).text(), "https");
      const wary = await startPassingGateway(t, port, { url });
      assert.equal((await fetch(`http://127.0.0.1:${wary.address.port}`)).status, 503);
    });
  }

  it("refuses a certificate that is for another name", async (t) => {
    const port = await listening(t, createSecureServer(pair));
    const url = new URL(`https://127.0.0.2:${port}`);
    const server = createSecureServer(pair);
    server.listen(port, "127.0.0.2");
    cleanUp(t, () => void server.close());
    const gateway = await startPassingGateway(t, port, { url, ca: certificate.ca });
    assert.equal((await fetch(`http://127.0.0.1:${gateway.address.port}`)).status, 503);
  });

  const apis: readonly { readonly name: string; readonly open: () => Server; readonly spoken: string }[] = [
    {
      name: "speaks both",
      open: () =>
        createSecureServer({ ...pair, allowHTTP1: true }, (request, response) => response.end(request.httpVersion)),
      spoken: "2.0",
    },
    {
      name: "speaks HTTP/1.1 alone",
      open: () => createHttpsServer(pair, (request, response) => response.end(request.httpVersion)),
      spoken: "1.1",
    },
    {
      name: "knows no ALPN",
      open: () =>
        createTlsServer(pair, (socket) => {
          socket.on("error", () => undefined);
          socket.on("data", (chunk: Buffer) => {
            const version = /^GET \S+ HTTP\/(1\.1)/.exec(chunk.toString())?.[1] ?? "?";
            socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${version.length}\r\n\r\n${version}`);
          });
        }),
      spoken: "1.1",
    },
  ];
  for (const { name, open, spoken } of apis) {
    it(`speaks HTTP/${spoken} to one that ${name}`, async (t) => {
      const port = await listening(t, open());
      const options = { url: new URL(`https://localhost:${port}`), ca: certificate.ca };
      const gateway = await startPassingGateway(t, port, options);
      const url = `http://127.0.0.1:${gateway.address.port}`;
      const texts = await Promise.all(Array.from({ length: 5 }, async () => (await fetch(url)).text()));
      assert.deepEqual(texts, Array(5).fill(spoken));
    });
  }

  it("finds the API's other version when it is replaced", async (t) => {
    const first = createHttpsServer(pair, (_request, response) => response.end("one"));
    const port = await listening(t, first);
    const gateway = await startPassingGateway(t, port, {
      url: new URL(`https://localhost:${port}`),
      ca: certificate.ca,
    });
    const url = `http://127.0.0.1:${gateway.address.port}`;
    assert.equal(await (await fetch(url)).text(), "one");
    first.close();
    first.closeAllConnections();
    await eventually("the API is missed", async () => (await fetch(url)).status === 503);
    const second = createSecureServer(pair, (_request, response) => response.end("two"));
    second.listen(port, "127.0.0.1");
    await once(second, "listening");
    cleanUp(t, () => void second.close());
    assert.equal(await (await fetch(url)).text(), "two");
  });
});
