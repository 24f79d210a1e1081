import { create, type Registry } from "@bufbuild/protobuf";
import { InterposeError } from "@interpose/engine";
import { restErrorFromStatus, type StreamWriter } from "@interpose/protocol";
import { StatusSchema, type Status } from "@interpose/protocol/gen/google/rpc/status_pb";
import type { InterceptedCall } from "../relay/interceptor.ts";
import type { ResponseWriter } from "./call-form.ts";
import { blockOf } from "./fields.ts";
import type { WireMessage } from "./framing.ts";
import type { RestCodec } from "./rest-codecs.ts";

/** What writing a response of gRPC in REST needs. */
export interface RestWriterOptions {
  readonly call: InterceptedCall;
  /** What writes the messages. */
  readonly codec: RestCodec;
  readonly successStatus: number;
  readonly registry: Registry;
}

/** An answer that is whole. To HEAD it has a head alone (RFC 9110, section 9.3.2). */
function send({ call }: RestWriterOptions, status: number, fields: readonly string[], body: Uint8Array): void {
  const head = [":status", String(status), ...fields, "content-length", String(body.byteLength)];
  const hasBody = body.byteLength > 0 && call.head.method !== "HEAD";
  call.sendResponseHead(blockOf(head), !hasBody);
  if (!hasBody) return;
  call.sendResponse(Buffer.from(body));
  call.endResponse(undefined);
}

/** `metadata`: of the response, and behind its messages. Whoever speaks REST finds both in the head. */
function sendError(options: RestWriterOptions, status: Status, metadata: readonly string[]): void {
  const { status: http, headers, body } = restErrorFromStatus(status, options.registry);
  send(options, http, [...Object.entries(headers).flat(), ...metadata], body ?? new Uint8Array());
}

/** Writes the response of a unary method, which is known whole before it begins: its status depends on how the call ends. */
export function restWriter(options: RestWriterOptions): ResponseWriter {
  let metadata: readonly string[] = [];
  let coding: string | undefined;
  let answer: WireMessage | undefined;
  let isTwice = false;
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
    end(status, trailers) {
      const all = [...metadata, ...trailers];
      if (status.code !== 0) sendError(options, status, all);
      else if (!answer || isTwice) sendError(options, notOneMessage(isTwice), all);
      else {
        const { contentType } = options.codec;
        const type = contentType === undefined ? [] : ["content-type", contentType];
        const encoded = answer.isCompressed && coding !== undefined ? ["content-encoding", coding] : [];
        send(options, options.successStatus, [...type, ...encoded, ...all], answer.bytes);
      }
    },
  };
}

function notOneMessage(isTwice: boolean): Status {
  const message = isTwice ? "The API answered with more than one message." : "The API answered without a message.";
  return create(StatusSchema, { code: 12, message });
}

/** Writes the response of a method that streams. It begins with the first message, so that what fails before has an HTTP status of its own. */
export function restStreamWriter(options: RestWriterOptions, stream: StreamWriter): ResponseWriter {
  const { call, codec, successStatus } = options;
  let metadata: readonly string[] = [];
  let hasBegun = false;

  function begin(): void {
    if (hasBegun) return;
    hasBegun = true;
    const type = stream.contentType ?? codec.contentType;
    const fields = [
      ":status",
      String(successStatus),
      ...(type === undefined ? [] : ["content-type", type]),
      ...metadata,
    ];
    call.sendResponseHead(blockOf(fields), call.head.method === "HEAD");
  }

  return {
    head(given) {
      metadata = given;
    },
    message({ bytes, isCompressed }) {
      // Codings of single messages have no place in a body of HTTP, so the API was told that none is understood.
      if (isCompressed) throw new InterposeError("upstream_malformed", "The API compresses what was to be plain.");
      begin();
      if (call.head.method === "HEAD") return 0;
      const piece = Buffer.from(stream.message(bytes));
      call.sendResponse(piece);
      return piece.byteLength;
    },
    end(status, trailers) {
      if (!hasBegun && status.code !== 0) {
        sendError(options, status, [...metadata, ...trailers]);
        return;
      }
      begin();
      if (call.head.method === "HEAD") return;
      const last = status.code === 0 ? stream.end() : stream.error(status);
      if (!last) {
        call.refuse({ head: blockOf([]), body: undefined }, {});
        return;
      }
      if (last.byteLength > 0) call.sendResponse(Buffer.from(last));
      call.endResponse(trailers.length === 0 ? undefined : blockOf(trailers));
    },
  };
}
