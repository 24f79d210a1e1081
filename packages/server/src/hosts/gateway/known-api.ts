import type { DescMethod } from "@bufbuild/protobuf";
import { createPlanFinder, type MethodName, type PlansOfMethod, type Snapshot } from "@interpose/engine";
import { createRoutes, serviceOfRpcPath, type RouteMatch, type Routes } from "@interpose/protocol";
import type { Descriptors } from "./descriptors/index.ts";
import type { RestBinding } from "./protocols/call-form.ts";
import { fieldOf } from "./protocols/fields.ts";
import type { RequestHead } from "./relay/header-fields.ts";
import type { HeaderBlock } from "./relay/hpack/index.ts";

/** A method of the API behind a gateway. */
export interface KnownMethod {
  /** `/package.Service/Method` */
  readonly full: string;
  readonly descriptor: DescMethod;
  readonly plans: (snapshot: Snapshot) => PlansOfMethod;
}

/** What a call's path means. */
export type CallMeaning =
  | {
      readonly kind: "known";
      readonly method: KnownMethod;
      /** Where its path is one of REST. */
      readonly rest?: RestBinding;
    }
  /** It has the form of an RPC, and the descriptors do not have it. */
  | { readonly kind: "undescribed"; readonly name: MethodName }
  | { readonly kind: "other" };

/** An API as its descriptors have it, made for looking calls up. */
export interface KnownApi {
  /** Whether anything is known of it at all. */
  readonly isDescribed: boolean;
  meaningOf(head: RequestHead, block: HeaderBlock): CallMeaning;
}

/** Never hooked, as with the own API: a target that is down must not make an orchestrator kill the API, nor hide what it is. */
const NEVER_HOOKED = new Set([
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
]);
const OTHER: CallMeaning = { kind: "other" };

/** Makes it, once for each state of the descriptors. */
export function createKnownApi({ services }: Descriptors): KnownApi {
  const methods = new Map<string, CallMeaning & { readonly kind: "known" }>();
  for (const { typeName, methods: own } of services) {
    if (NEVER_HOOKED.has(typeName)) continue;
    for (const descriptor of own) {
      const full = `/${typeName}/${descriptor.name}`;
      const plans = createPlanFinder({ full, service: typeName });
      methods.set(full, { kind: "known", method: { full, descriptor, plans } });
    }
  }
  // A binding that cannot be used leads nowhere; the others do.
  const routes = createRoutes(services, { onProblem: () => undefined });

  function byOtherSpelling({ method, path }: RequestHead, block: HeaderBlock): CallMeaning {
    const [plain = ""] = path.split("?", 1);
    try {
      const match = matchOf(routes, method, plain, block);
      if (match.kind === "found") {
        const { route, variables } = match;
        const known = methods.get(`/${route.method.parent.typeName}/${route.method.name}`);
        return known ? { ...known, rest: { routes, route, variables } } : OTHER;
      }
      const unescaped = decodeURIComponent(plain);
      const known = methods.get(unescaped);
      if (known) return known;
      const service = serviceOfRpcPath(unescaped);
      if (service === undefined || NEVER_HOOKED.has(service)) return OTHER;
      return { kind: "undescribed", name: { full: unescaped, service } };
    } catch {
      // An escape that is none means no method.
      return OTHER;
    }
  }

  return {
    isDescribed: services.length > 0,
    // Servers of HTTP take escapes apart, and leave the query away: those spellings mean the same.
    meaningOf: (head, block) => methods.get(head.path) ?? byOtherSpelling(head, block),
  };
}

/**
 * The route of a call. HEAD is GET, but for the body of the answer (RFC 9110, section 9.3.2). A form that is posted may stand for another verb: grpc-gateway takes
 * `x-http-method-override`, and GET where there is no POST; what leads past an execution there must not do so here.
 */
function matchOf(routes: Routes, method: string, path: string, block: HeaderBlock): RouteMatch {
  const match = routes.match(method === "HEAD" ? "GET" : method, path);
  if (method !== "POST" || !/^application\/x-www-form-urlencoded\b/i.test(fieldOf(block, "content-type") ?? ""))
    return match;
  const override = fieldOf(block, "x-http-method-override");
  if (override !== undefined) return routes.match(override.toUpperCase(), path);
  return match.kind === "found" ? match : routes.match("GET", path);
}
