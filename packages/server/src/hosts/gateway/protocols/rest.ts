import { create } from "@bufbuild/protobuf";
import {
  createStreamWriter,
  isRawBody,
  refuseStreamOfClient,
  statusFromError,
  statusFromRestError,
  streamForm,
  type Route,
} from "@interpose/protocol";
import { StatusSchema } from "@interpose/protocol/gen/google/rpc/status_pb";
import type { HeaderBlock } from "../relay/hpack/index.ts";
import type { CallForm, CallHead, MessagesForm, RestBinding } from "./call-form.ts";
import { withKnownCodings } from "./codings.ts";
import { fieldOf, without, withField } from "./fields.ts";
import { whole } from "./framing.ts";
import { jsonSequence, type JsonSequence } from "./json-sequence.ts";
import { restRequestCodec, restResponseCodec, type RestCodec } from "./rest-codecs.ts";
import { restStreamWriter, restWriter } from "./rest-writer.ts";

const OPEN_BRACE = 0x7b;
/** What a body is that does not say it (RFC 9110, section 8.3). */
const UNKNOWN_TYPE = "application/octet-stream";

/** REST, as `google.api.http` options have it (google/api/http.proto). A method that sends a stream answers one body with all of its messages. */
export function readRest(given: CallHead): CallForm | undefined {
  const { rest } = given;
  if (!rest) return undefined;
  refuseStreamOfClient(rest.route);
  return formOf(given, rest);
}

function formOf({ head, block, registry }: CallHead, rest: RestBinding): CallForm {
  const { route } = rest;
  const isStream = route.method.methodKind === "server_streaming";
  const coding = fieldOf(block, "content-encoding");
  const contentType = fieldOf(block, "content-type");
  const request = restRequestCodec(rest, head.path, contentType, registry);
  const answer = restResponseCodec(route, undefined, registry);
  const stream = isStream ? createStreamWriter(route, streamForm(fieldOf(block, "accept")), registry) : undefined;
  let passed: JsonSequence | undefined;
  let answeredIn: RestCodec | undefined;

  return {
    request: { framing: whole(isCoded(coding)), codec: request, coding },
    requestHead({ path, bytes }) {
      let on = isStream ? withField(block, "accept-encoding", "identity") : withKnownCodings(block, "accept-encoding");
      // A part of a response cannot be read.
      on = without(on, "range", "if-range");
      if (path !== undefined) on = withField(on, ":path", path);
      if (request.contentType !== contentType) on = withField(on, "content-type", request.contentType ?? UNKNOWN_TYPE);
      if (bytes === 0) on = without(on, "content-encoding");
      return bytes === 0 && fieldOf(on, "content-length") === undefined
        ? on
        : withField(on, "content-length", String(bytes));
    },
    responseForm(answered) {
      // Whatever else answers a call is no message, and passes; what should be one and cannot be read does not.
      if (!/^2\d\d$/.test(fieldOf(answered, ":status") ?? "")) return undefined;
      const type = fieldOf(answered, "content-type");
      passed = isStream && !isRawBody(route, "response") ? sequenceOf(route, type) : undefined;
      answeredIn = restResponseCodec(route, type, registry);
      return formOfAnswer(answered, passed, answeredIn);
    },
    responseHead(held) {
      const type = answeredIn?.contentType;
      return type === fieldOf(held, "content-type") ? held : withField(held, "content-type", type ?? UNKNOWN_TYPE);
    },
    holdsHead: !isStream,
    ending: {
      body(answered, body) {
        const status = Number(fieldOf(answered, ":status"));
        return status >= 400 ? statusFromRestError(status, body, registry) : undefined;
      },
      // Of what stands between the messages of a stream, only the value that is an error begins so.
      piece: (bytes) =>
        Promise.resolve(bytes[0] === OPEN_BRACE ? statusFromRestError(500, bytes, registry) : create(StatusSchema)),
    },
    endOfError(error) {
      const status = statusFromError(error);
      const end = passed ? passed.endOfError(status) : stream?.error(status);
      return end ? { body: Buffer.from(end) } : {};
    },
    translation: {
      // A body that is compressed as a whole cannot be made of messages that are, one by one.
      acceptedCodings: isStream ? undefined : fieldOf(block, "accept-encoding"),
      timeout: fieldOf(block, "grpc-timeout"),
      answer: { framing: whole(true), codec: answer },
      createWriter(call) {
        const options = { call, codec: answer, successStatus: route.successStatus, registry };
        return stream ? restStreamWriter(options, stream) : restWriter(options);
      },
    },
  };
}

/** How an upstream that speaks REST itself writes a response. A body of `google.api.HttpBody` is one message, wherever its stream was cut. */
function formOfAnswer(answered: HeaderBlock, sequence: JsonSequence | undefined, codec: RestCodec): MessagesForm {
  const coding = fieldOf(answered, "content-encoding");
  if (!sequence) return { framing: whole(isCoded(coding)), codec, coding };
  // It was told that none is understood, since a body that is compressed as a whole cannot be read message by message.
  return { framing: sequence, codec, coding: isCoded(coding) ? `${coding ?? ""} of a whole stream` : undefined };
}

function sequenceOf({ method, responseField }: Route, contentType: string | undefined): JsonSequence {
  const hasError = responseField !== undefined || method.output.fields.some(({ jsonName }) => jsonName === "error");
  const isMessage = (value: Buffer): boolean => hasError || !/^\{\s*"error"\s*:/.test(value.toString("latin1", 0, 100));
  return jsonSequence(/\b(x-)?(ndjson|jsonl)\b/i.test(contentType ?? ""), isMessage);
}

function isCoded(coding: string | undefined): boolean {
  return coding !== undefined && coding !== "" && coding.toLowerCase() !== "identity";
}
