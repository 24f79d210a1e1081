// Calls a server, from a process of its own, so that what the calls cost here is not counted there.
import { Agent, request as httpRequest } from "node:http";
import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { answerQuestions } from "./child.ts";
import { ADMIN_TOKEN } from "./server.ts";

/** Ways in which a server is called. */
export type Protocol = "gRPC" | "REST";

/** Calls to be made. */
export interface Load {
  readonly url: string;
  readonly protocol: Protocol;
  readonly calls: number;
}

/** Calls under way at once: enough to keep the server busy. */
const CONCURRENCY = 10;
/** A call that touches no store, needs a permission, and is served like every other: what is measured is the serving. */
const RPC = "/zitadel.action.v3alpha.ActionService/ListExecutionFunctions";
const PATH = "/v3alpha/executions/functions";
const AUTHORIZATION = `Bearer ${ADMIN_TOKEN}`;
/** The empty request message in gRPC's frame: not compressed, no bytes. */
const EMPTY_MESSAGE = Buffer.alloc(5);

const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
const sessions = new Map<string, ClientHttp2Session>();

const answers = {
  /** Makes calls, and answers when the last of them has ended. One that is not answered well fails them all. */
  async call({ url, protocol, calls }: Load): Promise<void> {
    const one = protocol === "gRPC" ? () => callGrpc(sessionOf(url)) : () => callRest(url);
    let left = calls;
    const lane = async (): Promise<void> => {
      while (left-- > 0) await one();
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  },
};

/** What the load generator answers. */
export type LoadAnswers = typeof answers;

answerQuestions(answers);

function sessionOf(url: string): ClientHttp2Session {
  const known = sessions.get(url);
  if (known && !known.closed && !known.destroyed) return known;
  const session = connect(url);
  // The call that meets the error tells of it.
  session.on("error", () => undefined);
  sessions.set(url, session);
  return session;
}

function callGrpc(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: RPC,
      "content-type": "application/grpc+proto",
      te: "trailers",
      authorization: AUTHORIZATION,
    });
    let status: string | string[] | undefined;
    let received = 0;
    // An error without a message comes with the headers, all else with the trailers.
    const noteStatus = (headers: IncomingHttpHeaders): void => void (status ??= headers["grpc-status"]);
    stream.on("response", noteStatus);
    stream.on("trailers", noteStatus);
    stream.on("data", (chunk: Buffer) => (received += chunk.length));
    stream.on("error", reject);
    stream.on("close", () => {
      if (status === "0" && received > EMPTY_MESSAGE.length) resolve();
      else reject(new Error(`a call ended with grpc-status ${String(status)} and ${received} bytes`));
    });
    stream.end(EMPTY_MESSAGE);
  });
}

function callRest(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}${PATH}`, { agent, headers: { authorization: AUTHORIZATION } }, (response) => {
      response.resume();
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`a call was answered with the status ${response.statusCode ?? 0}`));
      });
    });
    request.on("error", reject);
    request.end();
  });
}
