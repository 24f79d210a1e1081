import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { cleanUp, type Cleanup } from "./cleanup.ts";

/** What a request over HTTP/2 was answered. */
export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

/** A session of plain HTTP/2 or, with a certificate to trust, of HTTP/2 over TLS. It ends with the test. */
export async function openHttp2(t: Cleanup, url: string, tls?: { readonly ca: string }): Promise<ClientHttp2Session> {
  // Node's client counts what it could not send to the end, and would refuse requests after some large ones.
  const session = connect(url, { maxSessionMemory: 1_000, ...tls });
  cleanUp(t, () => session.destroy());
  await new Promise<void>((resolve, reject) => {
    session.once("connect", () => resolve());
    session.once("error", reject);
  });
  session.on("error", () => undefined);
  return session;
}

/** Sends a request whole and waits until its stream is closed. Fails when the stream is reset, or still open after some seconds. */
export async function http2Request(
  session: ClientHttp2Session,
  verb: string,
  path: string,
  {
    headers = {},
    body,
  }: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Uint8Array } = {},
): Promise<Http2Answer> {
  const stream = session.request({ ":method": verb, ":path": path, ...headers }, { endStream: body === undefined });
  const chunks: Buffer[] = [];
  let answered: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  stream.on("response", (given) => (answered = given));
  stream.on("trailers", (given) => (trailers = given));
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  if (body !== undefined) stream.end(body);
  await new Promise<void>((resolve, reject) => {
    stream.setTimeout(10_000, () => reject(new Error(`${verb} ${path}: the stream was not closed in time`)));
    stream.once("error", reject);
    stream.once("close", resolve);
  });
  return { status: Number(answered[":status"]), headers: answered, trailers, bytes: Buffer.concat(chunks) };
}
