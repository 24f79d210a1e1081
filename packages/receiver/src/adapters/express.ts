import { utf8 } from "../bytes.ts";
import { ReceiverError } from "../error.ts";
import type { Answer, Receiver } from "../receiver.ts";
import { answerToStream, send, type NodeRequest, type NodeResponse } from "./node.ts";

/** What is needed of a request of Express's. */
export interface ExpressRequest extends NodeRequest {
  /** What a body parser made of the body. */
  readonly body?: unknown;
  /** The body's bytes, where an application keeps them beside what was parsed. */
  readonly rawBody?: unknown;
  /** Whether somebody has begun to read it. */
  readonly readableDidRead?: boolean;
}

/**
 * Answers calls in Express: `app.post("/hook", expressHandler(receiver))`. It reads the body itself where no parser ran before, and takes what `express.raw()`
 * and `express.text()` leave, or bytes in `request.rawBody`. Where `express.json()` ran and nobody kept the bytes, calls are answered with 500, and `onError` is told how to mount it.
 */
export function expressHandler(receiver: Receiver): (request: ExpressRequest, response: NodeResponse) => Promise<void> {
  return async (request, response) => send(response, await answerTo(receiver, request));
}

async function answerTo(receiver: Receiver, request: ExpressRequest): Promise<Answer> {
  const bytes = bytesOf(request.rawBody) ?? bytesOf(request.body);
  if (bytes !== undefined) return receiver.handle(request.headers, bytes);
  if (request.readableDidRead !== true) return answerToStream(receiver, request);
  return receiver.fail(new ReceiverError("body_parsed", HOW_TO_MOUNT));
}

const HOW_TO_MOUNT = [
  "A body parser ran before the receiver, and the bytes that were signed are gone. Mount the receiver before app.use(express.json());",
  "or give its path a parser of its own, before that one: app.post(path, express.raw({ type: () => true, limit: receiver.maxBodyBytes }), expressHandler(receiver));",
  "or keep the bytes: express.json({ verify: (request, response, bytes) => { request.rawBody = bytes; } }).",
].join(" ");

function bytesOf(body: unknown): Uint8Array | undefined {
  if (body instanceof Uint8Array) return body;
  return typeof body === "string" ? utf8(body) : undefined;
}
