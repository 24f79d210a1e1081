import { connectEndOfStream, statusFromConnectEnd, statusFromError } from "@interpose/protocol";
import type { CallForm, CallHead } from "./call-form.ts";
import { codecOfContentType, messageCodec } from "./codecs.ts";
import { endPayload } from "./codings.ts";
import { grpcTimeout } from "./connect-timeout.ts";
import { envelopedCall, envelopedWriter } from "./enveloped-call.ts";
import { fieldOf } from "./fields.ts";
import { enveloped } from "./framing.ts";

const CONNECT = {
  family: "application/connect",
  /** The second flag is that of the message that ends a response. */
  framing: enveloped(0b10),
  codingField: "connect-content-encoding",
  acceptField: "connect-accept-encoding",
};

/** Connect with streams. https://connectrpc.com/docs/protocol/#streaming-rpcs */
export function readConnectStream(call: CallHead): CallForm | undefined {
  const { block, method, registry } = call;
  const codec = codecOfContentType(fieldOf(block, "content-type"), CONNECT.family);
  if (!codec) return undefined;

  return {
    ...envelopedCall(CONNECT, call, codec),
    ending: { piece: async (bytes, coding) => statusFromConnectEnd(await endPayload(bytes, coding)) },
    endOfError: (error) => ({ body: Buffer.from(connectEndOfStream(statusFromError(error))) }),
    translation: {
      acceptedCodings: fieldOf(block, CONNECT.acceptField),
      timeout: grpcTimeout(fieldOf(block, "connect-timeout-ms")),
      answer: { framing: CONNECT.framing, codec: messageCodec(codec, method.output, registry) },
      createWriter: (answered) =>
        envelopedWriter(answered, {
          contentType: `${CONNECT.family}+${codec}`,
          codingField: CONNECT.codingField,
          frame: CONNECT.framing.frame,
          end: (status, trailers) => Buffer.from(connectEndOfStream(status, trailers)),
        }),
    },
  };
}
