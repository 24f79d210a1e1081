import type { Status } from "@interpose/protocol/gen/google/rpc/status_pb";
import type { MessagesForm, RequestStart } from "../protocols/call-form.ts";
import type { WireMessage } from "../protocols/framing.ts";
import type { HeaderBlock } from "../relay/hpack/index.ts";
import type { ErrorCode } from "../relay/numbers.ts";

/** How a call is written to its upstream, and what becomes of the upstream's response. */
export interface UpstreamSide {
  readonly request: MessagesForm;
  requestHead(start: RequestStart): HeaderBlock;
  /** How messages go to the client that the upstream writes so. */
  answerForm(from: MessagesForm): MessagesForm;
  readonly response: UpstreamResponse;
}

/** A response on its way to the client. */
export interface UpstreamResponse {
  /** What came behind the body. */
  trailers: HeaderBlock | undefined;
  /** Answers how messages of the body are written. Undefined: nobody looks at it, and its bytes go to `other`. */
  head(block: HeaderBlock, endStream: boolean, isHooked: boolean): MessagesForm | undefined;
  /** These two answer how many bytes were given to the call. */
  message(message: WireMessage, form: MessagesForm): number;
  end(bytes: Buffer, form: MessagesForm): number | Promise<number>;
  other(bytes: Buffer, start: number, end: number): void;
  /** All of the body has been passed on. */
  finish(): void;
  /** Told of an error of the API's before it goes on to the client, which it does when `goOn` is called. Undefined: nobody asks. */
  failed: ((status: Status, goOn: () => void) => void) | undefined;
  /** See `Interceptor.upstreamReset`. */
  reset(code: ErrorCode): boolean;
}
