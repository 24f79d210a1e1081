import type { DescMethod, Registry } from "@bufbuild/protobuf";
import { InterposeError, type Message, type Plan } from "@interpose/engine";
import { CODING_NAMES, decompressed, framed, isKnownCoding, withPrefix, type GrpcMessage } from "./grpc-messages.ts";
import { bytesOfMessage, messageFromBytes } from "./message.ts";
import { createMessagePipe } from "./message-pipe.ts";
import { answerOfError, trailersOfError } from "./outcome.ts";
import type { HeaderBlock } from "./relay/hpack/index.ts";
import type { InterceptedCall, Interceptor } from "./relay/interceptor.ts";

/** What a hooked call needs to know. */
export interface HookedCallOptions {
  readonly descriptor: DescMethod;
  /** Types of the API, for what `google.protobuf.Any` holds. */
  readonly registry: Registry;
  /** The plans in force when the call began. At least one is there. */
  readonly request: Plan | undefined;
  readonly response: Plan | undefined;
  /** Carries a plan out for one message. `request`: the latest request message, for a response. Throws what the caller is to see. */
  readonly run: (plan: Plan, message: Message, request: Message | undefined, signal: AbortSignal) => Promise<Message>;
  /** Longest message that is looked into. */
  readonly maxMessageBytes: number;
}

/**
 * A gRPC call whose messages executions look at: request targets see each message on its way up, response targets each on its way down, in order. A message
 * that comes out as it went in is passed on as it came, byte for byte. States: *requesting*, until the upstream has the first message, or at once where the
 * client sends a stream; *answering*, from the head of the response on; *over*, when the response has ended, or something was refused.
 */
export function createHookedCall(call: InterceptedCall, block: HeaderBlock, options: HookedCallOptions): Interceptor {
  const { descriptor, registry, maxMessageBytes } = options;
  const contentType = fieldOf(block, "content-type");
  const abort = new AbortController();
  let hasBegun = false;
  let latestRequest: Message | undefined;
  let requestTrailers: HeaderBlock | undefined;

  function begin(): void {
    if (hasBegun) return;
    hasBegun = true;
    // The length of what goes on is another one.
    call.begin(without(block, "content-length"));
  }

  function refuse(error: unknown): void {
    request.stop();
    response?.stop();
    abort.abort();
    call.refuse(answerOfError(error, call.head, contentType), trailersOfError(error));
  }

  const requestCoding = fieldOf(block, "grpc-encoding");
  const request = createMessagePipe({
    maxMessageBytes,
    async change(message) {
      const received = await read(message, descriptor.input, requestCoding);
      const changed = options.request
        ? await options.run(options.request, received, undefined, abort.signal)
        : received;
      latestRequest = changed;
      return write(message, received, changed, descriptor.input, requestCoding);
    },
    send(bytes) {
      begin();
      call.sendRequest(bytes);
    },
    end() {
      begin();
      call.endRequest(requestTrailers);
    },
    credit: call.creditRequest,
    fail: refuse,
  });

  let response: ReturnType<typeof createMessagePipe> | undefined;
  let responseTrailers: HeaderBlock | undefined;

  function responsePipe(plan: Plan, coding: string | undefined): ReturnType<typeof createMessagePipe> {
    return createMessagePipe({
      maxMessageBytes,
      async change(message) {
        const received = await read(message, descriptor.output, coding);
        // A response that comes before any request, as a stream may begin, answers an empty one.
        const asked = latestRequest ?? messageFromBytes(descriptor.input, new Uint8Array(), registry);
        const changed = await options.run(plan, received, asked, abort.signal);
        return write(message, received, changed, descriptor.output, coding);
      },
      send: call.sendResponse,
      end: () => call.endResponse(responseTrailers),
      credit: call.creditResponse,
      fail: refuse,
    });
  }

  async function read(message: GrpcMessage, schema: DescMethod["input"], coding: string | undefined): Promise<Message> {
    return messageFromBytes(schema, await decompressed(message, coding, maxMessageBytes), registry);
  }

  async function write(
    message: GrpcMessage,
    received: Message,
    changed: Message,
    schema: DescMethod["input"],
    coding: string | undefined,
  ): Promise<Buffer> {
    if (changed === received) return withPrefix(message.bytes, message.isCompressed);
    return framed(bytesOfMessage(schema, changed), message, coding);
  }

  if (descriptor.methodKind === "client_streaming" || descriptor.methodKind === "bidi_streaming") begin();

  return {
    requestData(bytes, start, end) {
      if (isKnownCoding(requestCoding)) request.data(bytes, start, end);
      else refuse(unknownCoding(requestCoding));
    },
    requestEnd(trailers) {
      requestTrailers = trailers;
      request.finish();
    },
    requestSent: request.sent,

    responseHead(head, endStream) {
      const isGrpc = fieldOf(head, "content-type")?.startsWith("application/grpc") === true;
      const coding = fieldOf(head, "grpc-encoding");
      // An answer without messages, and what is no answer of gRPC's, passes: there is no response in it.
      if (endStream || !options.response || !isGrpc) {
        call.sendResponseHead(head, endStream);
        return;
      }
      if (!isKnownCoding(coding)) {
        refuse(unknownCoding(coding));
        return;
      }
      response = responsePipe(options.response, coding);
      call.sendResponseHead(without(head, "content-length"), false);
    },
    responseData(bytes, start, end) {
      if (response) response.data(bytes, start, end);
      else call.sendResponse(Buffer.from(bytes.subarray(start, end)));
    },
    responseEnd(trailers) {
      responseTrailers = trailers;
      if (response) response.finish();
      else call.endResponse(trailers);
    },
    responseSent(bytes) {
      if (response) response.sent(bytes);
      else call.creditResponse(bytes);
    },
    closed() {
      request.stop();
      response?.stop();
      abort.abort();
    },
  };
}

function unknownCoding(coding: string | undefined): InterposeError {
  // What cannot be read cannot be hooked, and must not go past the hooks.
  return new InterposeError(
    "coding_unknown",
    `Executions look at the messages of this call, and cannot read the coding "${coding ?? ""}". Use one of ${CODING_NAMES.join(", ")}.`,
  );
}

/** The value of the first field of a name. */
export function fieldOf({ fields }: HeaderBlock, name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
  return undefined;
}

function without(block: HeaderBlock, name: string): HeaderBlock {
  if (fieldOf(block, name) === undefined) return block;
  const fields = block.fields.filter((_, i) => block.fields[i - (i % 2)] !== name);
  return { fields, neverIndexed: block.neverIndexed };
}
