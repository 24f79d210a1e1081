import { grpcTrailers, grpcWebTrailers, statusFromError, trailersFromGrpcWeb } from "@interpose/protocol";
import type { CallForm, CallHead, MessagesForm } from "./call-form.ts";
import { codecOfContentType, messageCodec, type CodecName } from "./codecs.ts";
import { endPayload } from "./codings.ts";
import { envelopedWriter, requestHead } from "./enveloped-call.ts";
import { blockOf, fieldOf } from "./fields.ts";
import { grpcStatusOf } from "./grpc.ts";
import { asBase64, enveloped, envelopedText } from "./framing.ts";

const BINARY = "application/grpc-web";
const TEXT = "application/grpc-web-text";
/** The flag of the frame that holds the trailers. */
const TRAILERS = 0b1000_0000;
const [BINARY_FRAMING, TEXT_FRAMING] = [enveloped(TRAILERS), envelopedText(TRAILERS)];

/** gRPC-Web, binary and in base64. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md */
export function readGrpcWeb({ block, method, registry }: CallHead): CallForm | undefined {
  const asked = kindOf(fieldOf(block, "content-type"));
  if (!asked) return undefined;
  const wanted = kindOf(fieldOf(block, "accept")) ?? asked;
  let answersText = wanted.isText;
  const ofText = (isText: boolean): MessagesForm["framing"] => (isText ? TEXT_FRAMING : BINARY_FRAMING);
  const lastBytes = (trailers: readonly string[]): Buffer => {
    const frame = grpcWebTrailers(trailers);
    return answersText ? asBase64(frame) : Buffer.from(frame.buffer);
  };

  return {
    request: {
      framing: ofText(asked.isText),
      codec: messageCodec(asked.codec, method.input, registry),
      coding: fieldOf(block, "grpc-encoding"),
    },
    requestHead: () => requestHead(block, "grpc-accept-encoding"),
    responseForm(head) {
      const answered = kindOf(fieldOf(head, "content-type"));
      if (!answered) return undefined;
      answersText = answered.isText;
      return {
        framing: ofText(answered.isText),
        codec: messageCodec(answered.codec, method.output, registry),
        coding: fieldOf(head, "grpc-encoding"),
      };
    },
    holdsHead: false,
    ending: {
      block: grpcStatusOf,
      piece: async (bytes, coding) => grpcStatusOf(blockOf(trailersFromGrpcWeb(await endPayload(bytes, coding)))),
    },
    endOfError: (error) => ({ body: lastBytes(grpcTrailers(statusFromError(error))) }),
    translation: {
      acceptedCodings: fieldOf(block, "grpc-accept-encoding"),
      timeout: fieldOf(block, "grpc-timeout"),
      answer: { framing: ofText(answersText), codec: messageCodec(asked.codec, method.output, registry) },
      createWriter: (call) =>
        envelopedWriter(call, {
          contentType: `${answersText ? TEXT : BINARY}+${asked.codec}`,
          codingField: "grpc-encoding",
          frame: ofText(answersText).frame,
          end: (status, trailers) => lastBytes([...grpcTrailers(status), ...trailers]),
        }),
    },
  };
}

function kindOf(contentType: string | undefined): { readonly codec: CodecName; readonly isText: boolean } | undefined {
  const text = codecOfContentType(contentType, TEXT);
  if (text) return { codec: text, isText: true };
  const binary = codecOfContentType(contentType, BINARY);
  return binary && { codec: binary, isText: false };
}
