import type { Registry } from "@bufbuild/protobuf";
import type { Status } from "../gen/google/rpc/status_pb.js";
import { statusJson } from "../errors/status-json.ts";
import type { Route } from "./bindings.ts";
import { isRawBody } from "./http-body.ts";

/** How the messages of a server's stream follow each other in a body. */
export type StreamForm =
  /** A JSON array with all of them, as Google's APIs and Envoy write. */
  | "array"
  /** One in a line, for clients that ask for it by `accept: application/x-ndjson`. */
  | "lines";

/** The form in which a client wants a stream. */
export function streamForm(accept: string | undefined): StreamForm {
  return /(^|[,\s])application\/(x-)?(ndjson|jsonl)\s*(;|,|$)/i.test(accept ?? "") ? "lines" : "array";
}

/** Writes the body of a server's stream, piece by piece. */
export interface StreamWriter {
  /** `content-type` of the body. Undefined: the first message says it, being a `google.api.HttpBody`. */
  readonly contentType: string | undefined;
  /** `body`: what the body of a unary response with this message would be. */
  message(body: Uint8Array): Uint8Array;
  end(): Uint8Array;
  /** The end of a stream that failed once it had begun. Undefined where the form has no place for an error: the body must be cut off, so that nobody takes it for whole. */
  error(status: Status): Uint8Array | undefined;
}

/**
 * A stream of messages, each as the body of a unary response would be. HTTP's status has left when a stream fails midway, so the error is the last item,
 * `{"error": {"code": …, "message": …, "details": …}}`, as with grpc-gateway and Google's own APIs. `google.api.HttpBody` is bytes, one message behind another.
 */
export function createStreamWriter(route: Route, form: StreamForm, registry?: Registry): StreamWriter {
  if (isRawBody(route, "response")) return RAW;
  let count = 0;
  const item = (bytes: Uint8Array): readonly Uint8Array[] =>
    form === "lines" ? [bytes, LINE] : [count++ === 0 ? OPEN : BETWEEN, bytes];
  return {
    contentType: form === "lines" ? "application/x-ndjson" : "application/json",
    message: (body) => joined(item(body)),
    end: () => (form === "lines" ? new Uint8Array() : count === 0 ? ascii("[]") : CLOSE),
    error(status) {
      const error = item(streamError(status, registry));
      return joined(form === "lines" ? error : [...error, CLOSE]);
    },
  };
}

/** The item of a stream that says how it failed. */
export function streamError(status: Status, registry?: Registry): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ error: statusJson(status, registry) }));
}

const RAW: StreamWriter = {
  contentType: undefined,
  message: (body) => body,
  end: () => new Uint8Array(),
  error: () => undefined,
};

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
const [OPEN, BETWEEN, CLOSE, LINE] = [ascii("["), ascii(",\n"), ascii("]"), ascii("\n")];

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, { byteLength }) => size + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}
