import { InterposeError, type ErrorReason, type Message, type Plan } from "@interpose/engine";
import { hasPassed } from "../../call-context.ts";
import type { Status } from "@interpose/protocol/gen/google/rpc/status_pb";
import type { HeldBytes } from "./held-bytes.ts";
import { createMessagePipe, type MessagePipe } from "./message-pipe.ts";
import { answerOfError } from "./outcome.ts";
import type { CallForm, CallHead, MessagesForm } from "../protocols/call-form.ts";
import { compress, decompress, isKnownCoding, unknownCoding } from "../protocols/codings.ts";
import { messageCodec, type EncodedMessage } from "../protocols/codecs.ts";
import { fieldOf, withField } from "../protocols/fields.ts";
import type { Piece, WireMessage } from "../protocols/framing.ts";
import type { HeaderBlock } from "../relay/hpack/index.ts";
import type { InterceptedCall, Interceptor } from "../relay/interceptor.ts";
import type { UpstreamSide } from "./upstream-side.ts";

/** What a call needs whose messages are looked at, or translated. */
export interface MessageCallOptions {
  readonly call: CallHead;
  /** How the client writes it. */
  readonly form: CallForm;
  /** How the upstream does. */
  readonly upstream: UpstreamSide;
  /** The plans in force when the call began. */
  readonly request: Plan | undefined;
  readonly response: Plan | undefined;
  /** Carries a plan out for one message. `request`: the latest request message, for a response. Throws what the caller is to see. */
  readonly run: (plan: Plan, message: Message, request: Message | undefined, signal: AbortSignal) => Promise<Message>;
  /** Carries the response plan out for an error of the API. Throws what the caller is to see in its place. */
  readonly runOnError: (plan: Plan, status: Status, request: Message, signal: AbortSignal) => Promise<void>;
  /** Longest message that is looked into. */
  readonly maxMessageBytes: number;
  /** What all calls hold together. */
  readonly held: HeldBytes;
}

/**
 * A call that is taken apart into its messages: request targets see each on its way up, response targets each on its way down, in order. A message
 * that comes out as it went in, and goes on in the codec and coding that it came in, is passed on as it came, byte for byte. States: *requesting*, until the
 * upstream has the first message, or at once where the client sends a stream; *answering*, from the head of the response on; *over*, when the response has
 * ended, or something was refused.
 */
export function createMessageCall(call: InterceptedCall, options: MessageCallOptions): Interceptor {
  const { form, upstream, maxMessageBytes } = options;
  const { method, registry } = options.call;
  const abort = new AbortController();
  /** Runs that are under way. */
  let running = 0;
  let isOver = false;
  let hasBegun = false;
  let latestRequest: Message | undefined;
  let requestTrailers: HeaderBlock | undefined;
  let response: MessagePipe | undefined;

  function begin(path: string | undefined, bytes: number): void {
    if (hasBegun) return;
    hasBegun = true;
    call.begin(withTimeLeft(upstream.requestHead({ path, bytes }), options.call.deadline));
  }

  function end(): void {
    if (isOver) return;
    isOver = true;
    request.stop();
    response?.stop();
    // Aborting costs more than all else that ends a call, and what it makes outlives the collections of young objects: only where somebody listens.
    if (running > 0) abort.abort(CALL_IS_OVER);
  }

  /** Aborts what is under way when the call ends before it. */
  async function underWay<T>(work: Promise<T>): Promise<T> {
    running++;
    try {
      return await work;
    } finally {
      running--;
    }
  }

  function refuse(given: unknown): void {
    const error = asCallerKnowsIt(given, options.call.deadline);
    end();
    call.refuse(answerOfError(error, call.head, fieldOf(options.call.block, "content-type")), form.endOfError(error));
  }

  /** A message in the form in which it goes on. */
  async function passed(
    piece: WireMessage,
    from: MessagesForm,
    to: MessagesForm,
    look: ((message: Message) => Promise<Message>) | undefined,
  ): Promise<WireMessage & Pick<EncodedMessage, "path">> {
    const isSameForm = from.codec.name === to.codec.name && from.coding === to.coding;
    if (!look && isSameForm) return piece;
    const plain = piece.isCompressed ? await decompress(piece.bytes, from.coding, maxMessageBytes) : piece.bytes;
    const received = from.codec.decode(plain);
    const changed = look ? await look(received) : received;
    if (changed === received && isSameForm) return piece;
    const { bytes, path } = to.codec.encode(changed);
    const compressed = piece.isCompressed && bytes.byteLength > 0 ? await compress(bytes, to.coding) : undefined;
    return { isCompressed: compressed !== undefined, bytes: compressed ?? bufferOf(bytes), path };
  }

  const lookAtRequest = async (message: Message): Promise<Message> => {
    latestRequest = options.request
      ? await underWay(options.run(options.request, message, undefined, abort.signal))
      : message;
    return latestRequest;
  };
  // A response is shown together with its request.
  const isRequestRead = options.request !== undefined || options.response !== undefined;

  async function passRequest(piece: Piece): Promise<number> {
    if (piece.kind === "end") throw new InterposeError("bad_request", "A request has an end of a response in it.");
    const on = await passed(piece, form.request, upstream.request, isRequestRead ? lookAtRequest : undefined);
    if (isOver) return 0;
    const framed = upstream.request.framing.frame(on);
    begin(on.path, framed.byteLength);
    if (framed.byteLength > 0) call.sendRequest(framed);
    return framed.byteLength;
  }

  const request = createMessagePipe({
    cutter: form.request.framing.createCutter(maxMessageBytes),
    held: options.held,
    pass: passRequest,
    end() {
      begin(undefined, 0);
      call.endRequest(requestTrailers);
    },
    credit: call.creditRequest,
    fail: refuse,
  });

  const { response: plan } = options;
  // A response that comes before any request, as a stream may begin, answers an empty one.
  const asked = (): Message => latestRequest ?? messageCodec("proto", method.input, registry).decode(new Uint8Array());
  const lookAtResponse = plan
    ? async (message: Message): Promise<Message> => underWay(options.run(plan, message, asked(), abort.signal))
    : undefined;

  if (plan?.options?.runOnErrors) {
    const failed: typeof upstream.response.failed = (status, goOn) => {
      // A call that is over meanwhile has nobody left to tell.
      const unlessOver = (tell: () => void): void => (isOver ? undefined : tell());
      underWay(options.runOnError(plan, status, asked(), abort.signal)).then(
        () => unlessOver(goOn),
        (error: unknown) => unlessOver(() => refuse(error)),
      );
    };
    upstream.response.failed = failed;
  }

  function responsePipe(from: MessagesForm): MessagePipe {
    const to = upstream.answerForm(from);
    return createMessagePipe({
      cutter: from.framing.createCutter(maxMessageBytes),
      held: options.held,
      pass(piece) {
        if (piece.kind === "end") return upstream.response.end(piece.bytes, to);
        return passed(piece, from, to, lookAtResponse).then((on) => (isOver ? 0 : upstream.response.message(on, to)));
      },
      end: () => upstream.response.finish(),
      credit: call.creditResponse,
      fail: (error) => refuse(faultOfUpstream(error)),
    });
  }

  const isRequestStream = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  if (isRequestStream) begin(undefined, 0);

  const needsCoding = isRequestRead || form.request.codec.name !== upstream.request.codec.name;
  const isUnreadable = needsCoding && !isKnownCoding(form.request.coding);

  return {
    requestData(bytes, start, end) {
      if (isUnreadable && !isOver) refuse(unknownCoding(form.request.coding));
      request.data(bytes, start, end);
    },
    requestEnd(trailers) {
      requestTrailers = trailers;
      request.finish();
    },
    requestSent: request.sent,

    responseHead(head, endStream) {
      const from = upstream.response.head(head, endStream, lookAtResponse !== undefined);
      if (!from) return;
      const isRead = lookAtResponse !== undefined || from.codec.name !== upstream.answerForm(from).codec.name;
      if (isRead && !isKnownCoding(from.coding)) refuse(faultOfUpstream(unknownCoding(from.coding)));
      else response = responsePipe(from);
    },
    responseData(bytes, start, end) {
      if (response) response.data(bytes, start, end);
      else upstream.response.other(bytes, start, end);
    },
    responseEnd(trailers) {
      upstream.response.trailers = trailers;
      if (response) response.finish();
      else upstream.response.finish();
    },
    responseSent(bytes) {
      if (response) response.sent(bytes);
      else call.creditResponse(bytes);
    },
    requestUnwanted: request.stop,
    upstreamReset: (code) => upstream.response.reset(code),
    closed() {
      end();
    },
  };
}

/** One for all calls: an error of its own for each, with its stack, would cost as much as all else that ends a call. */
const CALL_IS_OVER = new Error("the call is over");

/** Callers whose own time is over are told so as every server tells them; what was so long is in the run's record. */
function asCallerKnowsIt(error: unknown, deadline: number | undefined): unknown {
  if (!hasPassed(deadline)) return error;
  if (!(error instanceof InterposeError) || error.reason !== "run_timed_out") return error;
  return new InterposeError("call_timed_out", error.message, { cause: error });
}

/** A head that gives the API the time that is left, where targets have taken some of it. */
function withTimeLeft(head: HeaderBlock, deadline: number | undefined): HeaderBlock {
  if (deadline === undefined) return head;
  const leftMs = Math.min(99_999_999, Math.max(1, Math.ceil(deadline - performance.now())));
  if (fieldOf(head, "grpc-timeout") !== undefined) return withField(head, "grpc-timeout", `${leftMs}m`);
  if (fieldOf(head, "connect-timeout-ms") === undefined) return head;
  return withField(head, "connect-timeout-ms", String(leftMs));
}

/** Reasons that say that a message cannot be read. */
const UNREADABLE: ReadonlySet<string> = new Set<ErrorReason>([
  "bad_request",
  "body_malformed",
  "coding_missing",
  "coding_unknown",
]);

/** What cannot be read of a response is not for its caller to mend. */
function faultOfUpstream(error: unknown): unknown {
  if (!(error instanceof InterposeError) || !UNREADABLE.has(error.reason)) return error;
  return new InterposeError("upstream_malformed", `The API's response cannot be read here. ${error.message}`, {
    cause: error,
  });
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
