import { connectEndOfStream, statusFromConnectEnd, statusFromError } from "@interpose/protocol";
import type { CallForm, CallHead, ResponseWriter } from "./call-form.ts";
import { codecOfContentType, messageCodec } from "./codecs.ts";
import { endPayload, withKnownCodings } from "./codings.ts";
import { grpcTimeout } from "./connect-timeout.ts";
import { blockOf, fieldOf, without } from "./fields.ts";
import { enveloped } from "./framing.ts";
import type { InterceptedCall } from "../relay/interceptor.ts";

const FAMILY = "application/connect";
/** The flag of the message that ends a response. */
const FRAMING = enveloped(0b10);

/** Connect with streams. https://connectrpc.com/docs/protocol/#streaming-rpcs */
export function readConnectStream({ block, method, registry }: CallHead): CallForm | undefined {
  const codec = codecOfContentType(fieldOf(block, "content-type"), FAMILY);
  if (!codec) return undefined;

  function createWriter(call: InterceptedCall): ResponseWriter {
    let hasBegun = false;
    const head: ResponseWriter["head"] = (metadata, coding) => {
      hasBegun = true;
      const fields = [":status", "200", "content-type", `${FAMILY}+${codec ?? "proto"}`, ...metadata];
      if (coding !== undefined) fields.push("connect-content-encoding", coding);
      call.sendResponseHead(blockOf(fields), false);
    };
    return {
      head,
      message(message) {
        const bytes = FRAMING.frame(message);
        call.sendResponse(bytes);
        return bytes.byteLength;
      },
      end(status, trailers) {
        if (!hasBegun) head([], undefined);
        call.sendResponse(Buffer.from(connectEndOfStream(status, trailers)));
        call.endResponse(undefined);
      },
    };
  }

  return {
    request: {
      framing: FRAMING,
      codec: messageCodec(codec, method.input, registry),
      coding: fieldOf(block, "connect-content-encoding"),
    },
    requestHead: () => withKnownCodings(without(block, "content-length"), "connect-accept-encoding"),
    responseForm(head) {
      const answered = codecOfContentType(fieldOf(head, "content-type"), FAMILY);
      return (
        answered && {
          framing: FRAMING,
          codec: messageCodec(answered, method.output, registry),
          coding: fieldOf(head, "connect-content-encoding"),
        }
      );
    },
    holdsHead: false,
    ending: { piece: async (bytes, coding) => statusFromConnectEnd(await endPayload(bytes, coding)) },
    endOfError: (error) => ({ body: Buffer.from(connectEndOfStream(statusFromError(error))) }),
    translation: {
      acceptedCodings: fieldOf(block, "connect-accept-encoding"),
      timeout: grpcTimeout(fieldOf(block, "connect-timeout-ms")),
      answer: { framing: FRAMING, codec: messageCodec(codec, method.output, registry) },
      createWriter,
    },
  };
}
