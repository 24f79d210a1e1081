import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { cleanUp, type Cleanup } from "./cleanup.ts";
import { eventually } from "./eventually.ts";

/** One answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined for none. */
  readonly body: any;
}

/** A connection on which a test writes HTTP/1.1 byte by byte. */
export interface RawConnection {
  readonly socket: Socket;
  write(bytes: string | Uint8Array): void;
  /** The next answer. `toHead`: it is that to a HEAD, and has no body whatever its length says. */
  answer(options?: { readonly toHead?: boolean }): Promise<RawAnswer>;
  /** Everything that came and was not read as an answer. */
  rest(): string;
  /** Waits until the server has closed the connection. */
  closed(): Promise<void>;
}

/** Opens a connection, with TLS where a certificate to trust is given. It ends with the test. */
export async function openRaw(t: Cleanup, port: number, tls?: { readonly ca: string }): Promise<RawConnection> {
  const socket = tls
    ? connectTls({ host: "localhost", port, ca: tls.ca, ALPNProtocols: ["http/1.1"] })
    : connect(port, "127.0.0.1");
  let received = Buffer.alloc(0);
  let isClosed = false;
  socket.on("data", (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
  socket.on("error", () => undefined);
  socket.once("close", () => (isClosed = true));
  cleanUp(t, () => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    socket.once(tls ? "secureConnect" : "connect", resolve);
    socket.once("error", reject);
  });
  return {
    socket,
    write: (bytes) => void socket.write(bytes),
    async answer({ toHead = false } = {}) {
      const found = await eventually("an answer on the connection", () => {
        const answer = readAnswer(received, toHead);
        if (!answer && isClosed)
          throw new Error(`the connection was closed after ${JSON.stringify(received.toString("latin1"))}`);
        return answer;
      });
      received = received.subarray(found.length);
      return found.answer;
    },
    rest: () => received.toString("latin1"),
    closed: async () => void (await eventually("the connection is closed", () => isClosed)),
  };
}

/** A request as text. */
export function rawRequest(
  verb: string,
  path: string,
  { headers = {}, body }: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string } = {},
): string {
  const all = {
    host: "localhost",
    ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${verb} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body ?? ""}`;
}

/** The first whole answer in some bytes, and how many of them it takes. "100 Continue" and the like come before it. */
function readAnswer(
  bytes: Buffer,
  toHead: boolean,
): { readonly answer: RawAnswer; readonly length: number } | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const [statusLine = "", ...lines] = bytes.subarray(0, headEnd).toString("latin1").split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
  const headers = new Headers(
    lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)] as [string, string]),
  );
  const start = headEnd + 4;
  if (status < 200) {
    const next = readAnswer(bytes.subarray(start), toHead);
    return next && { ...next, length: next.length + start };
  }
  const body = toHead ? { text: "", length: 0 } : readBody(bytes.subarray(start), headers);
  if (!body) return undefined;
  return { answer: { status, headers, text: body.text, body: parsed(body.text) }, length: start + body.length };
}

function readBody(bytes: Buffer, headers: Headers): { readonly text: string; readonly length: number } | undefined {
  if (headers.get("transfer-encoding") === "chunked") return readChunks(bytes);
  const length = Number(headers.get("content-length") ?? 0);
  return bytes.byteLength < length ? undefined : { text: bytes.subarray(0, length).toString(), length };
}

function readChunks(bytes: Buffer): { readonly text: string; readonly length: number } | undefined {
  let text = "";
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = parseInt(bytes.subarray(at, lineEnd).toString("latin1"), 16);
    const start = lineEnd + 2;
    if (size === 0) {
      // Behind the last chunk come trailers, and an empty line.
      const end = bytes.indexOf("\r\n\r\n", lineEnd);
      return end < 0 ? undefined : { text, length: end + 4 };
    }
    if (bytes.byteLength < start + size + 2) return undefined;
    text += bytes.subarray(start, start + size).toString();
    at = start + size + 2;
  }
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}
