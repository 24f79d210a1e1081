import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { InterposeError } from "@interpose/engine";
import type { CallForm, CallHead, MessagesForm } from "./call-form.ts";
import { messageCodec, type CodecName } from "./codecs.ts";
import { withKnownCodings } from "./codings.ts";
import { withField } from "./fields.ts";
import type { Framing } from "./framing.ts";

/** A call whose message stands in the query. */
export interface MessageInQuery {
  readonly codec: CodecName;
  readonly request: MessagesForm;
  readonly requestHead: CallForm["requestHead"];
}

/**
 * Reads Connect's GET. Only methods without side effects can be called so: any page can make a browser send a GET
 * (https://connectrpc.com/docs/protocol/#unary-get-request). Undefined: a codec that cannot be read.
 */
export function messageInQuery({ head, block, method, registry }: CallHead): MessageInQuery | undefined {
  if (method.idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS) {
    throw new InterposeError("verb_not_allowed", "The method may have side effects. Call it by POST.", {
      metadata: { allow: "POST" },
    });
  }
  const { path, query } = queryOf(head.path);
  const name = query.get("encoding");
  if (name !== "proto" && name !== "json") return undefined;
  const coding = query.get("compression") ?? undefined;
  const bytes = bytesOf(query.get("message") ?? "", query.get("base64") === "1");
  const inner = messageCodec(name, method.input, registry);
  return {
    codec: name,
    request: {
      framing: givenMessage(bytes, coding !== undefined && coding !== "identity"),
      codec: {
        ...inner,
        encode: (message) => ({
          bytes: new Uint8Array(),
          path: `${path}?${withMessage(query, inner.encode(message).bytes)}`,
        }),
      },
      coding,
    },
    requestHead({ path: changed }) {
      const accepting = withKnownCodings(block, "accept-encoding");
      return changed === undefined ? accepting : withField(accepting, ":path", changed);
    },
  };
}

/** The parts of a path. Throws `bad_request` where servers would differ about what its parameters are. */
function queryOf(whole: string): { readonly path: string; readonly query: URLSearchParams } {
  const mark = whole.indexOf("?");
  const query = new URLSearchParams(mark < 0 ? "" : whole.slice(mark + 1));
  for (const name of OWN_PARAMETERS) {
    if (query.getAll(name).length > 1)
      throw new InterposeError("bad_request", `The parameter "${name}" is there twice. Send it once.`);
  }
  const base64 = query.get("base64");
  if (base64 !== null && base64 !== "0" && base64 !== "1")
    throw new InterposeError("bad_request", 'The parameter "base64" has to be 1, or not to be there.');
  return { path: mark < 0 ? whole : whole.slice(0, mark), query };
}

/** In the order that the protocol recommends, so that caches meet the same call in the same words. */
function withMessage(query: URLSearchParams, bytes: Uint8Array): string {
  const changed = new URLSearchParams({ connect: "v1", base64: "1", encoding: query.get("encoding") ?? "" });
  for (const [name, value] of query) if (!OWN_PARAMETERS.has(name)) changed.append(name, value);
  changed.set("message", Buffer.from(bytes).toString("base64url"));
  return changed.toString();
}

const OWN_PARAMETERS = new Set(["connect", "base64", "encoding", "compression", "message"]);

function bytesOf(text: string, isBase64: boolean): Buffer {
  if (!isBase64) return Buffer.from(text);
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text))
    throw new InterposeError("bad_request", 'The parameter "message" is not base64.');
  return Buffer.from(text, "base64url");
}

/** A body that has nothing in it, for a message that is somewhere else. */
function givenMessage(bytes: Buffer, isCompressed: boolean): Framing {
  return {
    createCutter() {
      let isTaken = false;
      return {
        push: () => undefined,
        take: () => undefined,
        takeLast() {
          if (isTaken) return undefined;
          isTaken = true;
          return { kind: "message", isCompressed, bytes };
        },
        held: () => 0,
      };
    },
    frame: () => Buffer.alloc(0),
    frameEnd: (given) => given,
  };
}
