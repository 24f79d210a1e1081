import type { Status } from "@interpose/protocol/gen/google/rpc/status_pb";
import type { CallForm } from "../protocols/call-form.ts";
import { decompress } from "../protocols/codings.ts";
import { blockOf, fieldOf, without, withField } from "../protocols/fields.ts";
import type { HeaderBlock } from "../relay/hpack/index.ts";
import type { InterceptedCall } from "../relay/interceptor.ts";
import type { UpstreamResponse, UpstreamSide } from "./upstream-side.ts";

/** Longest body of an error that is looked into. What is longer passes unseen, as it comes. */
const LONGEST_ERROR = 1024 * 1024;

/** The body of an error, while it comes. */
interface ErrorBody {
  readonly head: HeaderBlock;
  readonly parts: Buffer[];
  size: number;
}

/** The upstream is spoken to in the client's own protocol: heads and trailers go on as they are. */
export function sameProtocol(call: InterceptedCall, form: CallForm): UpstreamSide {
  const { ending } = form;
  let held: HeaderBlock | undefined;
  let coding: string | undefined;
  let isRead = false;
  let error: ErrorBody | undefined;

  /** Passes on what ends a response. */
  function passEnd(status: Status | undefined, goOn: () => void): void {
    if (status && status.code !== 0 && response.failed) response.failed(status, goOn);
    else goOn();
  }

  function passHead(block: HeaderBlock, endStream: boolean, isHooked: boolean): void {
    const pass = (): void => call.sendResponseHead(block, endStream);
    if (!isHooked || !response.failed) pass();
    else if (endStream) passEnd(ending.block?.(block) ?? ending.body?.(block, new Uint8Array()), pass);
    else if (ending.body?.(block, new Uint8Array())) error = { head: block, parts: [], size: 0 };
    else pass();
  }

  /** Passes on what was held of a body that is too long for an error, or has ended. */
  function passErrorBody({ head, parts }: ErrorBody): void {
    error = undefined;
    call.sendResponseHead(head, false);
    for (const part of parts) call.sendResponse(part);
  }

  async function statusOfBody({ head, parts }: ErrorBody): Promise<Status | undefined> {
    const body = Buffer.concat(parts);
    const packed = fieldOf(head, "content-encoding");
    const isPlain = packed === undefined || packed === "identity" || body.byteLength === 0;
    return ending.body?.(head, isPlain ? body : await decompress(body, packed, LONGEST_ERROR));
  }

  const response: UpstreamResponse = {
    trailers: undefined,
    failed: undefined,
    head(block, endStream, isHooked) {
      const messages = endStream || !isHooked ? undefined : form.responseForm(block);
      isRead = messages !== undefined;
      coding = messages?.coding;
      // An answer without messages, and what is none of the protocol's, passes: there is no response in it.
      if (!messages) passHead(block, endStream, isHooked);
      else if (form.holdsHead) held = block;
      else call.sendResponseHead(without(block, "content-length"), false);
      return messages;
    },
    message(message, { framing }) {
      const bytes = framing.frame(message);
      if (held) {
        const said = form.responseHead?.(held) ?? held;
        const head = message.isCompressed ? said : without(said, "content-encoding");
        call.sendResponseHead(withField(head, "content-length", String(bytes.byteLength)), false);
        held = undefined;
      }
      call.sendResponse(bytes);
      return bytes.byteLength;
    },
    end(bytes, { framing }) {
      const send = (): number => {
        const end = framing.frameEnd(bytes);
        call.sendResponse(end);
        return end.byteLength;
      };
      if (!response.failed || !ending.piece) return send();
      // It is the body that says how the response ended, and not what comes behind it.
      isRead = false;
      return ending
        .piece(bytes, coding)
        .then((status) => new Promise((resolve) => passEnd(status, () => resolve(send()))));
    },
    other(bytes, start, end) {
      const part = Buffer.from(bytes.subarray(start, end));
      if (!error) {
        call.sendResponse(part);
        return;
      }
      error.parts.push(part);
      error.size += part.byteLength;
      if (error.size > LONGEST_ERROR) passErrorBody(error);
      else call.creditResponse(part.byteLength);
    },
    finish() {
      const { trailers } = response;
      const end = (): void => call.endResponse(trailers);
      if (!error) {
        passEnd(isRead ? ending.block?.(trailers ?? blockOf([])) : undefined, end);
        return;
      }
      const body = error;
      const pass = (): void => {
        passErrorBody(body);
        end();
      };
      // An error that cannot be read is told as it came.
      statusOfBody(body).then((status) => passEnd(status, pass), pass);
    },
    reset: () => false,
  };
  return { request: form.request, requestHead: form.requestHead, answerForm: (from) => from, response };
}
