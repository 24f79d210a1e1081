import type { DescMethod } from "@bufbuild/protobuf";
import type { RouteMatch, Routes } from "@interpose/protocol";
import { fieldOf } from "./protocols/fields.ts";
import type { RequestHead } from "./relay/header-fields.ts";
import type { HeaderBlock } from "./relay/hpack/index.ts";

/** What a call means in REST. */
export interface RestMeaning {
  readonly match: RouteMatch;
  /**
   * Methods that servers may take the call for which read it otherwise: grpc-gateway, for one, takes "%2F" for a slash, and a form that is posted for the verb in
   * `x-http-method-override`, or for GET. What leads past an execution there must not do so here.
   */
  readonly others: readonly DescMethod[];
}

const NONE: readonly DescMethod[] = [];

/** Looks a call up among routes. HEAD is GET, but for the body of the answer (RFC 9110, section 9.3.2). A malformed escape leads nowhere. */
export function restMeaning(routes: Routes, { method, path }: RequestHead, block: HeaderBlock): RestMeaning {
  const [plain = ""] = path.split("?", 1);
  const verb = method === "HEAD" ? "GET" : method;
  const match = matchOf(routes, verb, plain);
  const verbs = verb === "POST" ? [verb, ...otherVerbs(block)] : [verb];
  const paths = plain.includes("%") ? [plain, unescaped(plain)] : [plain];
  if (verbs.length === 1 && paths.length === 1) return { match, others: NONE };
  const found = match.kind === "found" ? match.route.method : undefined;
  const all = verbs.flatMap((each) => paths.map((spelling) => matchOf(routes, each, spelling)));
  const methods = all.flatMap((each) => (each.kind === "found" ? [each.route.method] : []));
  return { match, others: methods.filter((each) => each !== found) };
}

function matchOf(routes: Routes, verb: string, path: string): RouteMatch {
  try {
    return routes.match(verb, path);
  } catch {
    return { kind: "not_found" };
  }
}

function otherVerbs(block: HeaderBlock): readonly string[] {
  const override = fieldOf(block, "x-http-method-override");
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(fieldOf(block, "content-type") ?? "");
  return [...(override === undefined ? [] : [override.toUpperCase()]), ...(isForm ? ["GET"] : [])];
}

/** A path as those read it who take escapes apart before they look for segments, and leave malformed ones as they are. */
function unescaped(path: string): string {
  const plain = path.replace(/(%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
  const segments = plain.split("/").map((segment) => encodeURIComponent(segment.toWellFormed()).replaceAll("%3A", ":"));
  return segments.join("/");
}
