import { fieldOf } from "../protocols/fields.ts";
import type { HeaderBlock } from "../relay/hpack/index.ts";
import type { InterceptedCall, RelayAnswer } from "../relay/interceptor.ts";

/** How long a browser may keep the answer to a preflight, in seconds. Browsers cap it at two hours or less. */
const MAX_AGE = "7200";

/**
 * Lets pages of other origins read what the gateway itself writes: translated responses, and its own answers. The API cannot, since it does not speak the protocol of those calls;
 * of a protocol that it speaks, it says itself who may read. Credentials in the sense of cookies are never allowed.
 * https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export interface Cors {
  /** The answer to a browser's question whether it may make a call. Undefined: it is no such question, or comes from an origin that may not. */
  preflight(request: HeaderBlock): RelayAnswer | undefined;
  /** A head of ours, as the page that has sent the request may read it. */
  readable(request: HeaderBlock, head: HeaderBlock): HeaderBlock;
}

/** `allowedOrigins`: those of pages that may call; "*" stands for all. Undefined where there are none. */
export function createCors(allowedOrigins: readonly string[]): Cors | undefined {
  if (allowedOrigins.length === 0) return undefined;
  const any = allowedOrigins.includes("*");
  const allowed = new Set(allowedOrigins);

  function allowedOrigin(request: HeaderBlock): string | undefined {
    const origin = fieldOf(request, "origin");
    return origin !== undefined && (any || allowed.has(origin)) ? origin : undefined;
  }

  return {
    preflight(request) {
      const origin = allowedOrigin(request);
      const verb = fieldOf(request, "access-control-request-method");
      if (origin === undefined || verb === undefined || fieldOf(request, ":method") !== "OPTIONS") return undefined;
      const fields = [":status", "204", "access-control-allow-origin", any ? "*" : origin];
      if (!any) fields.push("vary", "origin");
      fields.push("access-control-allow-methods", verb);
      const headers = fieldOf(request, "access-control-request-headers");
      if (headers !== undefined) fields.push("access-control-allow-headers", headers);
      fields.push("access-control-max-age", MAX_AGE);
      return { head: { fields, neverIndexed: undefined }, body: undefined };
    },
    readable(request, head) {
      const origin = allowedOrigin(request);
      if (origin === undefined) return head;
      const names = new Set<string>();
      for (let i = 0; i < head.fields.length; i += 2) names.add(head.fields[i] ?? "");
      names.delete(":status");
      const fields = [...head.fields, "access-control-allow-origin", any ? "*" : origin];
      fields.push("access-control-expose-headers", [...names].join(", "));
      // A cache must not give this answer to a page of another origin.
      if (!any) fields.push("vary", "origin");
      return { fields, neverIndexed: head.neverIndexed };
    },
  };
}

/** A call all of whose heads the gateway writes itself. */
export function readableCall(call: InterceptedCall, request: HeaderBlock, cors: Cors): InterceptedCall {
  return {
    ...readableRefusals(call, request, cors),
    sendResponseHead: (block, endStream) => call.sendResponseHead(cors.readable(request, block), endStream),
  };
}

/** A call of which the gateway writes no heads but refusals. */
export function readableRefusals(call: InterceptedCall, request: HeaderBlock, cors: Cors): InterceptedCall {
  return {
    ...call,
    refuse: ({ head, body }, end) => call.refuse({ head: cors.readable(request, head), body }, end),
  };
}
