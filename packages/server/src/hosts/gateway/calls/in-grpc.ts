import { create } from "@bufbuild/protobuf";
import { StatusSchema, type Status } from "@interpose/protocol/gen/google/rpc/status_pb";
import { hasPassed } from "../../call-context.ts";
import type { CallForm, CallHead, Translation } from "../protocols/call-form.ts";
import { codingNames, isKnownCoding } from "../protocols/codings.ts";
import { messageCodec } from "../protocols/codecs.ts";
import { blockOf, fieldOf, metadataOf } from "../protocols/fields.ts";
import { enveloped } from "../protocols/framing.ts";
import { grpcStatusOf } from "../protocols/grpc.ts";
import type { HeaderBlock } from "../relay/hpack/index.ts";
import type { InterceptedCall } from "../relay/interceptor.ts";
import { ERROR_CODE, type ErrorCode } from "../relay/numbers.ts";
import type { UpstreamResponse, UpstreamSide } from "./upstream-side.ts";

const GRPC = enveloped(0);

/** The upstream is spoken to in gRPC, in the place of the client's protocol. */
export function inGrpc(call: InterceptedCall, given: CallHead, form: CallForm, translation: Translation): UpstreamSide {
  const { method, registry, block } = given;
  const writer = translation.createWriter(call);
  let isOver = false;

  function end(status: Status, trailers: readonly string[]): void {
    if (isOver) return;
    isOver = true;
    writer.end(status, trailers);
  }

  function passEnd(block: HeaderBlock, metadata: readonly string[]): void {
    const status = grpcStatusOf(block);
    const goOn = (): void => end(status, metadata);
    if (status.code === 0 || !response.failed) goOn();
    else response.failed(status, goOn);
  }

  const response: UpstreamResponse = {
    trailers: undefined,
    failed: undefined,
    head(head, endStream) {
      const isGrpc = fieldOf(head, "content-type")?.startsWith("application/grpc") === true;
      if (endStream || !isGrpc) {
        passEnd(head, isGrpc ? metadataOf(head) : []);
        return undefined;
      }
      const coding = fieldOf(head, "grpc-encoding");
      writer.head(metadataOf(head), coding);
      return { framing: GRPC, codec: messageCodec("proto", method.output, registry), coding };
    },
    message: (message) => writer.message(message),
    end: () => 0,
    other: (_bytes, start, stop) => call.creditResponse(stop - start),
    finish() {
      const trailers = response.trailers ?? blockOf([]);
      passEnd(trailers, metadataOf(trailers));
    },
    reset(code) {
      if (code === ERROR_CODE.REFUSED_STREAM || code === ERROR_CODE.CONNECT_ERROR) {
        // Where nothing has been said yet, the relay says more.
        if (!call.isAnswered()) return false;
      }
      end(statusOfReset(code, given.deadline), []);
      return true;
    },
  };

  return {
    request: {
      framing: GRPC,
      codec: messageCodec("proto", method.input, registry),
      coding: form.request.coding,
    },
    requestHead: () => grpcHead(given, form, translation, block),
    answerForm: ({ coding }) => ({ ...translation.answer, coding }),
    response,
  };
}

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests */
function grpcHead(
  { head, method }: CallHead,
  form: CallForm,
  { timeout, acceptedCodings }: Translation,
  block: HeaderBlock,
): HeaderBlock {
  const fields = [
    ":method",
    "POST",
    ":scheme",
    fieldOf(block, ":scheme") ?? head.scheme,
    ":path",
    `/${method.parent.typeName}/${method.name}`,
  ];
  if (head.authority !== "") fields.push(":authority", head.authority);
  fields.push("content-type", "application/grpc", "te", "trailers");
  if (timeout !== undefined) fields.push("grpc-timeout", timeout);
  const { coding } = form.request;
  if (coding !== undefined) fields.push("grpc-encoding", coding);
  const accepted = acceptedCodings === undefined ? [] : codingNames(acceptedCodings).filter(isKnownCoding);
  if (accepted.length > 0) fields.push("grpc-accept-encoding", accepted.join(","));
  return blockOf([...fields, ...metadataOf(block)], block.neverIndexed);
}

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors. A server whose timer of the call runs out first resets the call, too. */
function statusOfReset(code: ErrorCode, deadline: number | undefined): Status {
  if (hasPassed(deadline)) return create(StatusSchema, { code: 4, message: "The deadline of the call has passed." });
  return create(StatusSchema, { code: codeOfReset(code), message: "The API broke the call off." });
}

function codeOfReset(code: ErrorCode): number {
  switch (code) {
    case ERROR_CODE.CANCEL:
      return 1;
    case ERROR_CODE.REFUSED_STREAM:
    case ERROR_CODE.CONNECT_ERROR:
      return 14;
    case ERROR_CODE.ENHANCE_YOUR_CALM:
      return 8;
    case ERROR_CODE.INADEQUATE_SECURITY:
      return 7;
    default:
      return 13;
  }
}
