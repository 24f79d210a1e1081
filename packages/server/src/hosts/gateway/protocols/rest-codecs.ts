import type { Registry } from "@bufbuild/protobuf";
import type { Message } from "@interpose/engine";
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  isRawBody,
  protobufMessage,
  unwrap,
} from "@interpose/protocol";
import type { OriginalBody, Route } from "@interpose/protocol";
import type { RestBinding } from "./call-form.ts";
import type { EncodedMessage, MessageCodec } from "./codecs.ts";

/** Of a message in REST alone: what goes on in REST as it came in is not written anew. */
const NAME = "rest";

/** A codec that also says what the body is that it wrote last; a body of `google.api.HttpBody` may be anything. */
export interface RestCodec extends MessageCodec {
  readonly contentType: string | undefined;
}

/**
 * Reads and writes the request of one call. Where the message is written that was read last, only what changed is, in path, query and body. `path`: with the query.
 */
export function restRequestCodec(
  { routes, route, variables }: RestBinding,
  path: string,
  givenType: string | undefined,
  registry: Registry,
): RestCodec {
  const { input } = route.method;
  const isRaw = isRawBody(route, "request");
  let original: OriginalBody | undefined;
  const codec = {
    name: NAME,
    contentType: givenType,
    decode(body: Uint8Array): Message {
      const mark = path.indexOf("?");
      const query = mark < 0 ? "" : path.slice(mark + 1);
      const message = decodeRequest(route, { variables, query, body, contentType: codec.contentType }, registry);
      original = { message, body };
      return protobufMessage(input, message, registry);
    },
    encode(message: Message): EncodedMessage {
      const given = original && { ...original, path };
      const changed = encodeRequest(routes, route, unwrap(message), { registry, original: given });
      if (isRaw) codec.contentType = changed.body?.contentType;
      else if (changed.body) codec.contentType ??= changed.body.contentType;
      return { path: changed.path, bytes: changed.body?.bytes ?? original?.body ?? new Uint8Array() };
    },
  } satisfies RestCodec;
  return codec;
}

/** Reads and writes the messages of one call's response, of which a stream has several. Where the message is written that was read last, only what changed is. */
export function restResponseCodec(route: Route, givenType: string | undefined, registry: Registry): RestCodec {
  const { output, methodKind } = route.method;
  const isRaw = isRawBody(route, "response");
  let original: (OriginalBody & { readonly isWrapped: boolean }) | undefined;
  const codec = {
    name: NAME,
    contentType: givenType,
    decode(bytes: Uint8Array): Message {
      const inner = methodKind === "unary" ? undefined : resultIn(bytes, route);
      const body = inner ?? bytes;
      const message = decodeResponse(route, { bytes: body, contentType: codec.contentType }, registry);
      original = { message, body, isWrapped: inner !== undefined };
      return protobufMessage(output, message, registry);
    },
    encode(message: Message): EncodedMessage {
      const body = encodeResponse(route, unwrap(message), { registry, original });
      codec.contentType = isRaw ? body.contentType : (codec.contentType ?? body.contentType);
      const wrapped = original?.isWrapped === true;
      return { bytes: wrapped ? Buffer.concat([Buffer.from('{"result":'), body.bytes, Buffer.from("}")]) : body.bytes };
    },
  } satisfies RestCodec;
  return codec;
}

/** The message in `{"result": …}`, as grpc-gateway writes those of a stream. */
function resultIn(bytes: Uint8Array, { method, responseField }: Route): Uint8Array | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const found = /^\s*\{\s*"result"\s*:(.*)\}\s*$/s.exec(text);
  if (!found || responseField || method.output.fields.some(({ jsonName }) => jsonName === "result")) return undefined;
  return Buffer.from(found[1] ?? "");
}
