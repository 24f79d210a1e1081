import { cors } from "@connectrpc/connect";
import { BYPASS_HEADER } from "../headers.ts";
import type { NodeRequest, NodeResponse } from "./exchange.ts";
import { send } from "./exchange.ts";

const ALLOWED_METHODS = [...new Set([...cors.allowedMethods, "PUT", "PATCH", "DELETE"])].join(", ");
const ALLOWED_HEADERS = [...cors.allowedHeaders, "Authorization", BYPASS_HEADER].join(", ");
const EXPOSED_HEADERS = cors.exposedHeaders.join(", ");
/** How long a browser may keep the answer to a preflight, in seconds. Browsers cap it at two hours or less. */
const MAX_AGE = "7200";

/**
 * Answers browsers' cross-origin questions (https://fetch.spec.whatwg.org/#http-cors-protocol) for the given origins; "*" allows all.
 * Credentials in the sense of cookies are never allowed: callers send tokens. Answers whether the request has been dealt with.
 */
export function createCors(
  allowedOrigins: readonly string[],
): (request: NodeRequest, response: NodeResponse) => boolean {
  if (allowedOrigins.length === 0) return () => false;
  const any = allowedOrigins.includes("*");
  const allowed = new Set(allowedOrigins);
  return (request, response) => {
    const origin = request.headers.origin;
    // Also without an origin: a cache must not give that answer to a browser from an allowed one.
    if (!any) response.setHeader("vary", "origin");
    if (origin === undefined || !(any || allowed.has(origin))) return false;
    response.setHeader("access-control-allow-origin", any ? "*" : origin);
    response.setHeader("access-control-expose-headers", EXPOSED_HEADERS);
    if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return false;
    send(response, {
      status: 204,
      headers: {
        "access-control-allow-methods": ALLOWED_METHODS,
        "access-control-allow-headers": ALLOWED_HEADERS,
        "access-control-max-age": MAX_AGE,
      },
    });
    return true;
  };
}
