import type { ServerResponse } from "node:http";
import { createStreamWriter, encodeResponse, statusFromError, streamForm, type Route } from "@interpose/protocol";
import type { Message } from "@bufbuild/protobuf";
import type { MessageStream } from "../hosts/own-api/message-stream.ts";
import { cutOff, type NodeResponse } from "./exchange.ts";
import { endWithServer } from "./stream-end.ts";

/** How long the head of an answer waits for what comes first: an error within this time has an HTTP status, and a client of a stream without anything to tell knows soon that it is open. */
const HEAD_WAITS_MS = 250;

/**
 * Sends a stream in one body, in the form that `accept` asks for. Each message leaves when the one before has left, so that a slow reader holds up who makes them. Throws what
 * comes up before the head has left; after that, an error is the last item of the body. HEAD is answered with the head alone, once the call would have been taken.
 */
export async function sendStream(
  response: NodeResponse,
  stream: MessageStream,
  route: Route,
  accept: string | undefined,
): Promise<void> {
  const writer = createStreamWriter(route, streamForm(accept));
  // The two kinds of response share these methods, but TypeScript can't call a union of overloads.
  const writable = response as ServerResponse;

  function begin(contentType: string | undefined): void {
    if (writable.headersSent || isGone(response)) return;
    writable.statusCode = route.successStatus;
    if (contentType !== undefined) writable.setHeader("content-type", contentType);
    writable.flushHeaders();
  }

  /** Answers once more may be written. */
  async function write(message: Message): Promise<void> {
    const { bytes, contentType } = encodeResponse(route, message);
    begin(writer.contentType ?? contentType);
    if (!isGone(response) && !writable.write(writer.message(bytes))) await drained(writable);
  }

  if (response.req.method === "HEAD") {
    await stream.return();
    begin(writer.contentType);
    writable.end();
    return;
  }
  endWithServer(stream, response);
  const first = stream.next();
  // The head of a stream of bytes says what they are, which the first message tells.
  const timer = writer.contentType === undefined ? undefined : setTimeout(begin, HEAD_WAITS_MS, writer.contentType);
  try {
    for (let next = await first; next.done !== true; next = await stream.next()) await write(next.value);
    begin(writer.contentType);
    if (!isGone(response)) writable.end(writer.end());
  } catch (error) {
    stream.fail(error);
    if (!writable.headersSent) throw error;
    const last = writer.error(statusFromError(error));
    if (last && !isGone(response)) writable.end(last);
    else cutOff(response);
  } finally {
    clearTimeout(timer);
  }
}

/** A stream of HTTP/2 that was reset throws when it is written to. */
function isGone(response: NodeResponse): boolean {
  return response.destroyed || ("stream" in response && response.stream.destroyed);
}

/** Waits until more may be written, or nobody is there any more to read it. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.once("drain", done);
    response.once("close", done);
  });
}
