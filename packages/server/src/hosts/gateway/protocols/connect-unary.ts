import { create } from "@bufbuild/protobuf";
import { InterposeError } from "@interpose/engine";
import { codeFromNumber, connectErrorJson, httpStatus, statusFromConnectBody } from "@interpose/protocol";
import { StatusSchema, type Status } from "@interpose/protocol/gen/google/rpc/status_pb";
import type { CallForm, CallHead, MessagesForm, ResponseWriter } from "./call-form.ts";
import { messageCodec, type CodecName } from "./codecs.ts";
import { withKnownCodings } from "./codings.ts";
import { grpcTimeout } from "./connect-timeout.ts";
import { blockOf, fieldOf, withField } from "./fields.ts";
import { whole, type WireMessage } from "./framing.ts";
import { messageInQuery } from "./connect-get.ts";
import type { InterceptedCall } from "../relay/interceptor.ts";

/** Connect without streams: POST, and GET with the message in the query. https://connectrpc.com/docs/protocol/#unary-rpcs */
export function readConnectUnary(call: CallHead): CallForm | undefined {
  const { head, block, method, registry } = call;
  if (method.methodKind !== "unary") throw notUnary();
  if (head.method === "GET") {
    const given = messageInQuery(call);
    return given && formOf(call, given.codec, given.request, given.requestHead);
  }
  const codec = codecOf(fieldOf(block, "content-type"));
  if (!codec) return undefined;
  const coding = fieldOf(block, "content-encoding");
  const request = {
    framing: whole(coding !== undefined && coding !== "identity"),
    codec: messageCodec(codec, method.input, registry),
    coding,
  };
  return formOf(call, codec, request, ({ bytes }) =>
    withField(withKnownCodings(block, "accept-encoding"), "content-length", String(bytes)),
  );
}

function formOf(
  { block, method, registry }: CallHead,
  codec: CodecName,
  request: MessagesForm,
  requestHead: CallForm["requestHead"],
): CallForm {
  const output = messageCodec(codec, method.output, registry);
  return {
    request,
    requestHead,
    responseForm(head) {
      const answered = codecOf(fieldOf(head, "content-type"));
      // An error is JSON too, but no message of the method's.
      if (!answered || fieldOf(head, ":status") !== "200") return undefined;
      const coding = fieldOf(head, "content-encoding");
      return {
        framing: whole(coding !== undefined && coding !== "identity"),
        codec: messageCodec(answered, method.output, registry),
        coding,
      };
    },
    holdsHead: true,
    ending: {
      body(head, body) {
        const status = Number(fieldOf(head, ":status"));
        return status >= 400 ? statusFromConnectBody(status, body) : undefined;
      },
    },
    // What has begun to leave is whole, or cut off.
    endOfError: () => ({}),
    translation: {
      acceptedCodings: fieldOf(block, "accept-encoding"),
      timeout: grpcTimeout(fieldOf(block, "connect-timeout-ms")),
      answer: { framing: whole(true), codec: output },
      createWriter: (call) => createWriter(call, codec),
    },
  };
}

/** A response is known whole before it begins: its status depends on how the call ends. */
function createWriter(call: InterceptedCall, codec: CodecName): ResponseWriter {
  let metadata: readonly string[] = [];
  let coding: string | undefined;
  let answer: WireMessage | undefined;
  let isTwice = false;

  function send(status: number, type: string, trailers: readonly string[], body: Uint8Array, encoding?: string): void {
    const fields = [":status", String(status), "content-type", type, ...metadata];
    for (let i = 0; i < trailers.length; i += 2) fields.push(`trailer-${trailers[i] ?? ""}`, trailers[i + 1] ?? "");
    if (encoding !== undefined) fields.push("content-encoding", encoding);
    fields.push("content-length", String(body.byteLength));
    call.sendResponseHead(blockOf(fields), body.byteLength === 0);
    if (body.byteLength === 0) return;
    call.sendResponse(Buffer.from(body));
    call.endResponse(undefined);
  }

  return {
    head(given, encoding) {
      metadata = given;
      coding = encoding;
    },
    message(message) {
      isTwice = answer !== undefined;
      answer = message;
      return 0;
    },
    end(ended, trailers) {
      const status = ended.code === 0 && (!answer || isTwice) ? notOneMessage(isTwice) : ended;
      if (status.code === 0 && answer)
        send(200, `application/${codec}`, trailers, answer.bytes, answer.isCompressed ? coding : undefined);
      else {
        const http = httpStatus(codeFromNumber(status.code), "internal");
        send(http, "application/json", trailers, Buffer.from(JSON.stringify(connectErrorJson(status))));
      }
    },
  };
}

/** https://connectrpc.com/docs/protocol/: a unary call has exactly one response. */
function notOneMessage(isTwice: boolean): Status {
  const message = isTwice ? "The API answered with more than one message." : "The API answered without a message.";
  return create(StatusSchema, { code: 12, message });
}

/** `application/proto` and `application/json`; with a charset, JSON is UTF-8 in any case. */
function codecOf(contentType: string | undefined): CodecName | undefined {
  const type = (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase();
  return type === "application/proto" ? "proto" : type === "application/json" ? "json" : undefined;
}

function notUnary(): InterposeError {
  return new InterposeError(
    "protocol_not_hooked",
    "The method has a stream of messages. Call it with the content type application/connect+proto or application/connect+json, or in gRPC.",
  );
}
