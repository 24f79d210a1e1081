import type { CallForm, CallHead, ResponseWriter } from "./call-form.ts";
import { codecOfContentType, messageCodec, type CodecName } from "./codecs.ts";
import { withKnownCodings } from "./codings.ts";
import { blockOf, fieldOf, without } from "./fields.ts";
import type { Framing, WireMessage } from "./framing.ts";
import type { HeaderBlock } from "../relay/hpack/index.ts";
import type { InterceptedCall } from "../relay/interceptor.ts";

/** A protocol whose bodies are messages with prefixes, both ways alike. */
interface EnvelopedProtocol {
  /** The content type, but for the codec behind it. */
  readonly family: string;
  readonly framing: Framing;
  /** Fields with the coding of messages, and with those that are understood. */
  readonly codingField: string;
  readonly acceptField: string;
}

/** How such a protocol writes a call in which it goes on itself. */
export function envelopedCall(
  { family, framing, codingField, acceptField }: EnvelopedProtocol,
  { block, method, registry }: CallHead,
  codec: CodecName,
): Pick<CallForm, "request" | "requestHead" | "responseForm" | "holdsHead"> {
  return {
    request: { framing, codec: messageCodec(codec, method.input, registry), coding: fieldOf(block, codingField) },
    requestHead: () => requestHead(block, acceptField),
    responseForm(head) {
      const answered = codecOfContentType(fieldOf(head, "content-type"), family);
      return (
        answered && {
          framing,
          codec: messageCodec(answered, method.output, registry),
          coding: fieldOf(head, codingField),
        }
      );
    },
    holdsHead: false,
  };
}

/** The head of a call whose messages may become others on their way. */
export function requestHead(block: HeaderBlock, acceptField: string): HeaderBlock {
  return withKnownCodings(without(block, "content-length"), acceptField);
}

/** How a translated response is written, whose body has an end of its own. */
interface EnvelopedAnswer {
  readonly contentType: string;
  readonly codingField: string;
  frame(message: WireMessage): Buffer;
  end(...ended: Parameters<ResponseWriter["end"]>): Buffer;
}

/** Writes it. */
export function envelopedWriter(call: InterceptedCall, answer: EnvelopedAnswer): ResponseWriter {
  let hasBegun = false;
  const head: ResponseWriter["head"] = (metadata, coding) => {
    hasBegun = true;
    const fields = [":status", "200", "content-type", answer.contentType, ...metadata];
    if (coding !== undefined) fields.push(answer.codingField, coding);
    call.sendResponseHead(blockOf(fields), false);
  };
  return {
    head,
    message(message) {
      const bytes = answer.frame(message);
      call.sendResponse(bytes);
      return bytes.byteLength;
    },
    end(...ended) {
      if (!hasBegun) head([], undefined);
      call.sendResponse(answer.end(...ended));
      call.endResponse(undefined);
    },
  };
}
