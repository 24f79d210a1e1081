import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttps, type ServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** An endpoint on loopback. */
export interface Endpoint {
  readonly url: string;
  readonly port: number;
  /** How many connections were made to it. */
  connections(): number;
}

/** Answers a request, in its own time. */
export type EndpointListener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** An endpoint's own certificate, and who has to vouch for those of its clients. Default: they need none. */
export interface EndpointTls extends Certificate {
  readonly clientCa?: readonly string[];
}

/** Starts an endpoint. It ends with the test. */
export async function startEndpoint(t: TestContext, listener: EndpointListener, tls?: EndpointTls): Promise<Endpoint> {
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => void listener(request, response);
  const server = tls ? createHttps(optionsOf(tls), onRequest) : createHttp(onRequest);
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? "https" : "http"}://${tls ? "localhost" : "127.0.0.1"}:${port}/`,
    port,
    connections: () => connections,
  };
}

function optionsOf({ cert, key, clientCa }: EndpointTls): ServerOptions {
  return { cert, key, ...(clientCa && { ca: [...clientCa], requestCert: true, rejectUnauthorized: true }) };
}

/** The whole body of a request. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk as string;
  return text;
}

/** An answer with a body, JSON or as it is. */
export function answer(
  response: ServerResponse,
  status: number,
  body: unknown = "",
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
}

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate for localhost, which is its own authority. */
export function selfSigned(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), "interpose-test-cert-"));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
      "-keyout",
      key,
      "-out",
      cert,
      ...subject,
    ],
    { stdio: "ignore" },
  );
  const made = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  rmSync(folder, { recursive: true });
  return made;
}
