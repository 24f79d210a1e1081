import { joined } from "../bytes.ts";
import { ReceiverError } from "../error.ts";
import { bodyTooLarge, type Answer, type Receiver } from "../receiver.ts";

/** Answers calls as Fetch has it: for Cloudflare Workers, Deno, Bun, Next.js and all that take `(Request) => Response`. */
export function fetchHandler(receiver: Receiver): (request: Request) => Promise<Response> {
  return async (request) => toResponse(await answerTo(receiver, request));
}

/** An answer as Fetch has it. */
export function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body === "" ? null : body, { status, headers });
}

async function answerTo(receiver: Receiver, request: Request): Promise<Answer> {
  if (request.method !== "POST") return receiver.fail(new ReceiverError("method_not_allowed", "Calls are POSTs."));
  if (request.bodyUsed)
    return receiver.fail(
      new ReceiverError(
        "body_parsed",
        "The request's body was read before, and its bytes are gone. Let nothing read it before the receiver does, or hand on a clone().",
      ),
    );
  let body: Uint8Array;
  try {
    body = await readBody(request, receiver.maxBodyBytes);
  } catch (error) {
    return receiver.fail(unreadable(error));
  }
  return receiver.handle(request.headers, body);
}

/** The error for a body that did not arrive. */
export function unreadable(error: unknown): ReceiverError {
  if (error instanceof ReceiverError) return error;
  return new ReceiverError("body_unreadable", "The body broke off.", { cause: error });
}

async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const reader = (request.body as ReadableStream<Uint8Array> | null)?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const chunk = await reader?.read();
    if (chunk?.value === undefined) return joined(...chunks);
    chunks.push(chunk.value);
    length += chunk.value.length;
    if (length > maxBytes) {
      await reader?.cancel().catch(() => undefined);
      throw bodyTooLarge(maxBytes);
    }
  }
}
