import type { DescMethod } from "@bufbuild/protobuf";
import { createPlanFinder, type MethodName, type PlansOfMethod, type Snapshot } from "@interpose/engine";
import { createRoutes, serviceOfRpcPath } from "@interpose/protocol";
import { NEVER_HOOKED } from "../../never-hooked.ts";
import type { Descriptors } from "../descriptors/index.ts";
import type { RestBinding } from "../protocols/call-form.ts";
import type { RequestHead } from "../relay/header-fields.ts";
import type { HeaderBlock } from "../relay/hpack/index.ts";
import { otherSpellings } from "./other-spellings.ts";
import { restMeaning, type RestRoutes } from "./rest-paths.ts";

/** A method of the API behind a gateway. */
export interface KnownMethod {
  /** `/package.Service/Method` */
  readonly full: string;
  readonly descriptor: DescMethod;
  readonly plans: (snapshot: Snapshot) => PlansOfMethod;
}

/** What a call's path means. `others`: methods that some servers would take it for. */
export type CallMeaning =
  | {
      readonly kind: "known";
      readonly method: KnownMethod;
      /** Where its path is one of REST. */
      readonly rest?: RestBinding;
      readonly others?: readonly KnownMethod[];
    }
  /** It has the form of an RPC, and the descriptors do not have it. */
  | { readonly kind: "undescribed"; readonly name: MethodName; readonly others?: readonly KnownMethod[] }
  /** `allowed`: verbs with which its path would be one of REST. */
  | { readonly kind: "other"; readonly allowed?: readonly string[]; readonly others?: readonly KnownMethod[] };

/** An API as its descriptors have it, made for looking calls up. */
export interface KnownApi {
  /** Whether anything is known of it at all. */
  readonly isDescribed: boolean;
  meaningOf(head: RequestHead, block: HeaderBlock): CallMeaning;
}

const OTHER: CallMeaning = { kind: "other" };

/** Makes it, once for each state of the descriptors. */
export function createKnownApi({ services }: Descriptors): KnownApi {
  const methods = new Map<string, CallMeaning & { readonly kind: "known" }>();
  /** By their paths in lower case, since some servers (ASP.NET) take letters in upper and lower case for the same. */
  const loosely = new Map<string, KnownMethod>();
  for (const { typeName, methods: own } of services) {
    if (NEVER_HOOKED.has(typeName)) continue;
    for (const descriptor of own) {
      const full = `/${typeName}/${descriptor.name}`;
      const plans = createPlanFinder({ full, service: typeName });
      const method = { full, descriptor, plans };
      methods.set(full, { kind: "known", method });
      loosely.set(full.toLowerCase(), method);
    }
  }
  // A binding that cannot be used leads nowhere; the others do.
  const onProblem = (): void => undefined;
  const routes: RestRoutes = {
    exact: createRoutes(services, { onProblem }),
    loose: createRoutes(services, { onProblem, ignoreCase: true }),
  };

  function byOtherSpelling(head: RequestHead, block: HeaderBlock): CallMeaning {
    const { match, others } = restMeaning(routes, head, block);
    const [plain = ""] = head.path.split("?", 1);
    const named = byName(plain);
    const also = [...others.flatMap((method) => knownOf(method)?.method ?? []), ...byLooseName(plain)];
    const more = also.length > 0 && { others: also };
    if (match.kind === "found") {
      const { route, variables } = match;
      const known = knownOf(route.method);
      return known ? { ...known, rest: { routes: routes.exact, route, variables }, ...more } : { ...OTHER, ...more };
    }
    if (named?.kind === "known") return named;
    if (named) return { ...named, ...more };
    return match.kind === "wrong_verb" || more
      ? { ...OTHER, ...(match.kind === "wrong_verb" && { allowed: match.allowed }), ...more }
      : OTHER;
  }

  function byName(plain: string): CallMeaning | undefined {
    try {
      const unescaped = decodeURIComponent(plain);
      const known = methods.get(unescaped);
      if (known) return known;
      const service = serviceOfRpcPath(unescaped);
      if (service === undefined || NEVER_HOOKED.has(service)) return undefined;
      return { kind: "undescribed", name: { full: unescaped, service } };
    } catch {
      // An escape that is none means no method.
      return undefined;
    }
  }

  function byLooseName(plain: string): readonly KnownMethod[] {
    return [plain, ...otherSpellings(plain)].flatMap((path) => loosely.get(path.toLowerCase()) ?? []);
  }

  function knownOf({ name, parent }: DescMethod): (CallMeaning & { readonly kind: "known" }) | undefined {
    return methods.get(`/${parent.typeName}/${name}`);
  }

  return {
    isDescribed: services.length > 0,
    // Servers of HTTP take escapes apart, and leave the query away: those spellings mean the same.
    meaningOf: (head, block) => methods.get(head.path) ?? byOtherSpelling(head, block),
  };
}
