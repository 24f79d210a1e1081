// Everything around a gateway that is measured, in a process of its own: the API behind it, the targets, and those who call.
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { grpcMessage } from "../gateway/cases.ts";
import { answerQuestions } from "../harness/child.ts";
import { PATHS, TEXT, type Case } from "./cases.ts";

/** Calls under way at once: enough to keep a gateway busy. */
const CONCURRENCY = 20;
const REQUEST = grpcMessage(TEXT);
const ANSWER = grpcMessage("what is answered");

/** Endpoints of the targets, and the API. */
export interface WorldUrls {
  readonly api: string;
  readonly targets: Readonly<Record<Case, string>>;
}

const sessions = new Map<string, ClientHttp2Session>();

const answers = {
  async open(): Promise<WorldUrls> {
    const api = createServer();
    api.on("stream", (stream) => {
      stream.resume();
      stream.once("end", () => {
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end(ANSWER);
      });
    });
    const target = createHttpServer({ keepAliveTimeout: 600_000 }, (request, response) => {
      request.resume();
      request.once("end", () => {
        response.setHeader("content-type", "application/json");
        response.end(request.url === "/changed" ? '{"text":"what the target made of it"}' : "");
      });
    });
    const [apiUrl, targetUrl] = [await listening(api), await listening(target)];
    return { api: apiUrl, targets: { watched: `${targetUrl}/watched`, changed: `${targetUrl}/changed` } };
  },

  /** Makes calls, and answers when the last of them has ended. One that is not answered well fails them all. */
  async call({
    url,
    which,
    calls,
  }: {
    readonly url: string;
    readonly which: Case;
    readonly calls: number;
  }): Promise<void> {
    let session = sessions.get(url);
    if (!session || session.closed) sessions.set(url, (session = connect(url)));
    const to = session;
    let left = calls;
    const lane = async (): Promise<void> => {
      while (left-- > 0) await call(to, PATHS[which]);
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  },
};

/** What this program answers. */
export type WorldAnswers = typeof answers;

answerQuestions(answers);

async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function call(session: ClientHttp2Session, path: string): Promise<void> {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
  });
  let status: unknown;
  const noteStatus = (headers: IncomingHttpHeaders): void => void (status ??= headers["grpc-status"]);
  stream.on("response", noteStatus);
  stream.on("trailers", noteStatus);
  stream.resume();
  stream.end(REQUEST);
  await once(stream, "close");
  if (status !== "0") throw new Error(`a call of ${path} ended with ${String(status)}`);
}
