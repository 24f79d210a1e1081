// Everything around a gateway that is measured, in a process of its own: the API behind it, the targets, and those who call.
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { setTimeout } from "node:timers/promises";
import { grpcMessage } from "../gateway/cases.ts";
import { answerQuestions } from "../harness/child.ts";
import { PATHS, TEXT, type Case } from "./cases.ts";

/** So many calls, so fast. */
export interface Rate {
  readonly calls: number;
  readonly perSecond: number;
}

/** Calls that are made of a gateway. */
export interface Load extends Rate {
  readonly url: string;
  readonly which: Case;
}

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

  /** Makes calls at a steady rate, and answers when the last of them has ended. One that is not answered well fails them all. */
  async call({ url, which, calls, perSecond }: Load): Promise<void> {
    let session = sessions.get(url);
    if (!session || session.closed) sessions.set(url, (session = connect(url)));
    const began = performance.now();
    const under: Promise<void>[] = [];
    while (under.length < calls) {
      const due = Math.min(calls, Math.ceil(((performance.now() - began) / 1_000) * perSecond));
      while (under.length < due) under.push(call(session, PATHS[which]));
      await setTimeout(1);
    }
    await Promise.all(under);
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
