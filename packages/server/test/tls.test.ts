import assert from "node:assert/strict";
import { connect as connectTcp } from "node:net";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { before, describe, it } from "node:test";
import { createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { credentials } from "@grpc/grpc-js";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v3alpha/action_service_pb";
import { createCertificate, type TestCertificate } from "./harness/certificate.ts";
import { cleanUp, forSuite, type Cleanup } from "./harness/cleanup.ts";
import { bearer, grpcJsClient, unary } from "./harness/grpc-js.ts";
import { openRaw, rawRequest } from "./harness/raw-http.ts";
import { http2Request, openHttp2 } from "./harness/raw-http2.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";

const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` };
const FUNCTIONS = "/v3alpha/executions/functions";

describe("the port with TLS", () => {
  let server: TestServer;
  let certificate: TestCertificate;
  let url: string;
  const suite = forSuite();
  before(async () => {
    certificate = await createCertificate(suite);
    const { certFile, keyFile } = certificate;
    server = await startServer(suite, { env: { INTERPOSE_TLS_CERT: certFile, INTERPOSE_TLS_KEY: keyFile } });
    url = server.url.replace("127.0.0.1", "localhost");
  });

  /** A TLS connection whose handshake is done, or the error that it ended with. */
  const handshake = (t: Cleanup, options: ConnectionOptions): Promise<TLSSocket> =>
    new Promise((resolve, reject) => {
      const socket = connectTls({ host: "localhost", port: server.port, ca: certificate.ca, ...options });
      cleanUp(t, () => socket.destroy());
      socket.once("secureConnect", () => resolve(socket));
      socket.once("error", reject);
    });

  it("says so in its URL", () => assert.match(server.url, /^https:\/\/127\.0\.0\.1:\d+$/));

  const offers: readonly { offered: string[] | undefined; chosen: string | false }[] = [
    { offered: ["h2", "http/1.1"], chosen: "h2" },
    { offered: ["http/1.1", "h2"], chosen: "h2" },
    { offered: ["http/1.1"], chosen: "http/1.1" },
    { offered: ["h2"], chosen: "h2" },
    { offered: undefined, chosen: false },
  ];
  for (const { offered, chosen } of offers) {
    it(`chooses ${chosen || "no protocol"} of ${offered?.join(", ") ?? "nothing"}`, async (t) => {
      const socket = await handshake(t, offered ? { ALPNProtocols: offered } : {});
      assert.equal(socket.alpnProtocol, chosen);
    });
  }

  it("refuses what it does not speak", async (t) => {
    await assert.rejects(handshake(t, { ALPNProtocols: ["spdy/1"] }), /no application protocol/i);
    await assert.rejects(
      handshake(t, { maxVersion: "TLSv1.1", minVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }),
      /protocol version|alert|version/i,
    );
  });

  it("serves REST over HTTP/1.1, also to clients without ALPN", async (t) => {
    const connection = await openRaw(t, server.port, certificate);
    connection.write(rawRequest("GET", FUNCTIONS, { headers: AUTHORIZED }) + rawRequest("GET", "/healthz"));
    assert.ok((await connection.answer()).body.functions.length > 0);
    assert.equal((await connection.answer()).status, 200);
    const plain = await handshake(t, {});
    plain.write(rawRequest("GET", "/readyz", { headers: { connection: "close" } }));
    let text = "";
    for await (const chunk of plain.setEncoding("utf8")) text += chunk as string;
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*\{"status":"ready"\}$/);
  });

  it("serves REST over HTTP/2", async (t) => {
    const session = await openHttp2(t, url, certificate);
    assert.equal(session.alpnProtocol, "h2");
    const answer = await http2Request(session, "GET", FUNCTIONS, { headers: AUTHORIZED });
    assert.equal(answer.status, 200);
    assert.equal((await http2Request(session, "GET", FUNCTIONS)).status, 401);
  });

  const authorized: Interceptor = (next) => (request) => {
    request.header.set("authorization", AUTHORIZED.authorization);
    return next(request);
  };
  const transports: Readonly<Record<string, (baseUrl: string, ca: string) => Transport>> = {
    gRPC: (baseUrl, ca) => createGrpcTransport({ baseUrl, nodeOptions: { ca }, interceptors: [authorized] }),
    "gRPC-Web over HTTP/1.1": (baseUrl, ca) =>
      createGrpcWebTransport({ baseUrl, httpVersion: "1.1", nodeOptions: { ca }, interceptors: [authorized] }),
    "Connect over HTTP/1.1": (baseUrl, ca) =>
      createConnectTransport({ baseUrl, httpVersion: "1.1", nodeOptions: { ca }, interceptors: [authorized] }),
    "Connect over HTTP/2": (baseUrl, ca) =>
      createConnectTransport({ baseUrl, httpVersion: "2", nodeOptions: { ca }, interceptors: [authorized] }),
  };
  for (const [name, transport] of Object.entries(transports)) {
    it(`serves ${name} to Connect's own client`, async () => {
      const client = createClient(ActionService, transport(url, certificate.ca));
      assert.ok((await client.listExecutionFunctions({})).functions.length > 0);
    });
  }

  it("serves gRPC to @grpc/grpc-js", async (t) => {
    const client = grpcJsClient(t, {
      file: "zitadel/action/v3alpha/action_service.proto",
      service: "zitadel.action.v3alpha.ActionService",
      address: `localhost:${server.port}`,
      security: credentials.createSsl(Buffer.from(certificate.ca)),
    });
    const { functions } = await unary(client, "ListExecutionFunctions", {}, { metadata: bearer(ADMIN_TOKEN) });
    assert.ok(functions.length > 0);
  });

  const plain: Readonly<Record<string, string>> = {
    "HTTP/1.1": rawRequest("GET", "/healthz"),
    "HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    garbage: "\u0016\u0003 garbage",
  };
  for (const [name, bytes] of Object.entries(plain)) {
    it(`refuses ${name} without TLS, and goes on`, async (t) => {
      const connection = await openRaw(t, server.port);
      connection.write(bytes);
      // A word of HTTP would be wrong too: at most an alert of TLS comes.
      if (name !== "garbage") await connection.closed();
      assert.doesNotMatch(connection.rest(), /HTTP/);
      const next = await openRaw(t, server.port, certificate);
      next.write(rawRequest("GET", "/readyz"));
      assert.equal((await next.answer()).status, 200);
    });
  }

  // The last test: it stops the server.
  it("is not held up at its end by connections on which nothing is said", async (t) => {
    const silent = connectTcp(server.port, "127.0.0.1");
    cleanUp(t, () => silent.destroy());
    await handshake(t, { ALPNProtocols: ["http/1.1"] });
    await openHttp2(t, url, certificate);
    const kept = await openRaw(t, server.port, certificate);
    kept.write(rawRequest("GET", "/healthz"));
    await kept.answer();
    const started = Date.now();
    assert.equal(await server.stop(), 0);
    assert.ok(Date.now() - started < 5_000, `it took ${Date.now() - started} ms`);
    await kept.closed();
  });
});
