import type { DescMethod } from "@bufbuild/protobuf";
import type { RouteMatch, Routes } from "@interpose/protocol";
import { otherSpellings } from "./other-spellings.ts";
import { valuesOf } from "../protocols/fields.ts";
import type { RequestHead } from "../relay/header-fields.ts";
import type { HeaderBlock } from "../relay/hpack/index.ts";

/** Routes as they are, and as those have them who take letters in upper and lower case for the same. */
export interface RestRoutes {
  readonly exact: Routes;
  readonly loose: Routes;
}

/** What a call means in REST. */
export interface RestMeaning {
  readonly match: RouteMatch;
  /**
   * Methods that servers may take the call for which read it otherwise: its path (`otherSpellings`), or its verb, which may be in lower case, or stand in a header where a
   * form is posted. What leads past an execution there must not do so here.
   */
  readonly others: readonly DescMethod[];
}

const NONE: readonly DescMethod[] = [];

/** Looks a call up among routes. HEAD is GET, but for the body of the answer (RFC 9110, section 9.3.2). A malformed escape leads nowhere. */
export function restMeaning(
  { exact, loose }: RestRoutes,
  { method, path }: RequestHead,
  block: HeaderBlock,
): RestMeaning {
  const [plain = ""] = path.split("?", 1);
  const verb = method === "HEAD" ? "GET" : method;
  const match = matchOf(exact, verb, plain);
  const upper = verb.toUpperCase();
  const verbs = upper === "POST" ? [upper, ...otherVerbs(block)] : [upper === "HEAD" ? "GET" : upper];
  const paths = [plain, ...otherSpellings(plain)];
  const found = match.kind === "found" ? match.route.method : undefined;
  let others = NONE;
  for (const spelling of paths) {
    for (const each of verbs) {
      const other = matchOf(loose, each, spelling);
      if (other.kind === "found" && other.route.method !== found) others = [...others, other.route.method];
    }
  }
  return { match, others };
}

function matchOf(routes: Routes, verb: string, path: string): RouteMatch {
  try {
    return routes.match(verb, path);
  } catch {
    return { kind: "not_found" };
  }
}

/** Headers in which a form's sender names the verb that it means. */
const OVERRIDES = ["x-http-method-override", "x-http-method", "x-method-override"];

function otherVerbs(block: HeaderBlock): readonly string[] {
  const named = OVERRIDES.flatMap((name) => valuesOf(block, name)).map((verb) => verb.trim().toUpperCase());
  const isForm = valuesOf(block, "content-type").some((type) => /^application\/x-www-form-urlencoded\b/i.test(type));
  return [...named, ...(isForm ? ["GET"] : [])];
}
