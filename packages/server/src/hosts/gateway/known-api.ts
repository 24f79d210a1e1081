import type { DescMethod } from "@bufbuild/protobuf";
import { createPlanFinder, type MethodName, type PlansOfMethod, type Snapshot } from "@interpose/engine";
import { createRoutes, serviceOfRpcPath, type Routes } from "@interpose/protocol";
import type { Descriptors } from "./descriptors/index.ts";
import type { RequestHead } from "./relay/header-fields.ts";

/** A method of the API behind a gateway. */
export interface KnownMethod {
  /** `/package.Service/Method` */
  readonly full: string;
  readonly descriptor: DescMethod;
  readonly plans: (snapshot: Snapshot) => PlansOfMethod;
}

/** What a call's path means. */
export type CallMeaning =
  | { readonly kind: "known"; readonly method: KnownMethod }
  /** It has the form of an RPC, and the descriptors do not have it. */
  | { readonly kind: "undescribed"; readonly name: MethodName }
  | { readonly kind: "other" };

/** An API as its descriptors have it, made for looking calls up. */
export interface KnownApi {
  /** Whether anything is known of it at all. */
  readonly isDescribed: boolean;
  meaningOf(head: RequestHead): CallMeaning;
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
  const routes = routesOf(services);

  function byOtherSpelling({ method, path }: RequestHead): CallMeaning {
    const [plain = ""] = path.split("?", 1);
    try {
      const match = routes.match(method, plain);
      if (match.kind === "found") {
        const { name, parent } = match.route.method;
        return methods.get(`/${parent.typeName}/${name}`) ?? OTHER;
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
    meaningOf: (head) => methods.get(head.path) ?? byOtherSpelling(head),
  };
}

/** Paths of REST. An API whose options cannot be read serves none by them. */
function routesOf(services: Descriptors["services"]): Routes {
  try {
    return createRoutes(services);
  } catch {
    return createRoutes([]);
  }
}
