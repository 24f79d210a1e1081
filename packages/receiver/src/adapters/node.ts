import { joined } from "../bytes.ts";
import { ReceiverError } from "../error.ts";
import { bodyTooLarge, type Answer, type Receiver } from "../receiver.ts";
import { unreadable } from "./fetch.ts";

/** What is needed of a request of Node's: of `node:http`, and of `node:http2` by its compatibility API. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "end" | "close", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  pause(): unknown;
}

/** What is needed of a response of Node's. */
export interface NodeResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body: string): unknown;
}

/** Answers calls within `createServer()` of `node:http`. */
export function nodeHandler(receiver: Receiver): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  return async (request, response) => send(response, await answerToStream(receiver, request));
}

/** The answer to a request whose body nobody has read. */
export async function answerToStream(receiver: Receiver, request: NodeRequest): Promise<Answer> {
  if (request.method !== "POST") return receiver.fail(new ReceiverError("method_not_allowed", "Calls are POSTs."));
  let body: Uint8Array;
  try {
    body = await readBody(request, receiver.maxBodyBytes);
  } catch (error) {
    const { headers, ...answer } = receiver.fail(unreadable(error));
    // What is left of the body is not read: nothing else can come on this connection.
    return { ...answer, headers: { ...headers, connection: "close" } };
  }
  return receiver.handle(request.headers, body);
}

/** Sends an answer. */
export function send(response: NodeResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers });
  response.end(body);
}

function readBody(request: NodeRequest, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    request.on("data", (chunk) => {
      length += chunk.length;
      if (length <= maxBytes) return void chunks.push(chunk);
      request.pause();
      reject(bodyTooLarge(maxBytes));
    });
    request.on("end", () => resolve(joined(...chunks)));
    request.on("error", reject);
    request.on("close", () => reject(new Error("The connection was closed.")));
  });
}
