import type { DescMethod } from "@bufbuild/protobuf";
import { createPlanFinder, InterposeError, type Envelope, type PlansOfMethod, type Snapshot } from "@interpose/engine";
import { createRoutes, type Routes } from "@interpose/protocol";
import type { RunPlan } from "../run-plan.ts";
import type { Descriptors } from "./descriptors/index.ts";
import { createHookedCall, fieldOf } from "./hooked-call.ts";
import { answerOfError } from "./outcome.ts";
import type { RequestHead } from "./relay/header-fields.ts";
import type { HeaderBlock } from "./relay/hpack/index.ts";
import type { InterceptedCall, Interceptor } from "./relay/interceptor.ts";

/** What hooks need. */
export interface HooksOptions {
  /** The API as it is known at this moment. */
  readonly descriptors: () => Descriptors;
  /** The executions in force at this moment. */
  readonly snapshot: () => Snapshot;
  readonly run: RunPlan;
  readonly instanceId: string;
  readonly maxMessageBytes: number;
}

/** A method of the API behind the gateway. */
interface KnownMethod {
  /** `/package.Service/Method` */
  readonly full: string;
  readonly descriptor: DescMethod;
  readonly plans: (snapshot: Snapshot) => PlansOfMethod;
}

/** The request headers that targets of the dialect v2 are shown, as ZITADEL shows them. Credentials are not among them. */
const SHOWN_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "Content-Type",
  "x-forwarded-for": "X-Forwarded-For",
  "x-forwarded-host": "X-Forwarded-Host",
  ":authority": "Host",
  origin: "Origin",
};

/** The API as it is known, made for looking calls up. */
interface KnownApi {
  readonly methods: ReadonlyMap<string, KnownMethod>;
  /** Its paths of REST, by `google.api.http`. */
  readonly routes: Routes;
}

/**
 * Decides which calls executions look at: those of a method that is known, for which there is a plan. All others pass as they are. A method is
 * looked up once for each state of the descriptors and executions, so that a call that nothing hooks pays for two look-ups in maps. What is hooked and comes in a
 * protocol that cannot be looked into is refused: nobody gets past a hook by choosing another protocol, or another spelling of the path.
 */
export function createHooks(
  options: HooksOptions,
): (head: RequestHead, block: HeaderBlock, call: InterceptedCall) => Interceptor | undefined {
  let api: KnownApi | undefined;
  let apiOf: Descriptors | undefined;

  function knownApi(): KnownApi {
    const descriptors = options.descriptors();
    if (!api || descriptors !== apiOf) {
      api = knownApiOf(descriptors);
      apiOf = descriptors;
    }
    return api;
  }

  return (head, block, call) => {
    const method = methodOf(head, knownApi());
    if (!method) return undefined;
    const { request, response } = method.plans(options.snapshot());
    if (!request && !response) return undefined;
    const contentType = fieldOf(block, "content-type");
    if (!isGrpc(contentType)) return refusal(call, notHooked(method.full), contentType);
    const envelope = envelopeOf(method.full, block, options.instanceId);
    const traceparent = fieldOf(block, "traceparent");
    return createHookedCall(call, block, {
      descriptor: method.descriptor,
      registry: options.descriptors().registry,
      request,
      response,
      maxMessageBytes: options.maxMessageBytes,
      run: (plan, message, asked, signal) =>
        options.run({
          side: asked ? "response" : "request",
          plan,
          message,
          request: asked,
          envelope,
          signal,
          traceparent,
        }),
    });
  };
}

function knownApiOf({ services }: Descriptors): KnownApi {
  const methods = services.flatMap(({ typeName, methods: own }) =>
    own.map((descriptor): [string, KnownMethod] => {
      const full = `/${typeName}/${descriptor.name}`;
      return [full, { full, descriptor, plans: createPlanFinder({ full, service: typeName }) }];
    }),
  );
  return { methods: new Map(methods), routes: routesOf(services) };
}

/** Paths of REST. An API whose options cannot be read serves none by them. */
function routesOf(services: Descriptors["services"]): Routes {
  try {
    return createRoutes(services);
  } catch {
    return createRoutes([]);
  }
}

/** The method that a path means to its server: servers of HTTP take escapes apart, and leave the query away. */
function methodOf({ method, path }: RequestHead, { methods, routes }: KnownApi): KnownMethod | undefined {
  const known = methods.get(path);
  if (known) return known;
  const [plain = ""] = path.split("?", 1);
  try {
    const unescaped = methods.get(decodeURIComponent(plain));
    if (unescaped) return unescaped;
    const match = routes.match(method, plain);
    if (match.kind !== "found") return undefined;
    return methods.get(`/${match.route.method.parent.typeName}/${match.route.method.name}`);
  } catch {
    // An escape that is none means no method.
    return undefined;
  }
}

function isGrpc(contentType: string | undefined): boolean {
  return /^application\/grpc(\+proto)?\s*(;|$)/i.test(contentType ?? "");
}

function notHooked(method: string): InterposeError {
  return new InterposeError(
    "protocol_not_hooked",
    `Executions look at the messages of ${method}, and can read them in gRPC with protobuf alone. Call it in that protocol.`,
  );
}

/** Answers a call at once. What else comes of it is thrown away. */
function refusal(call: InterceptedCall, error: InterposeError, contentType: string | undefined): Interceptor {
  call.refuse(answerOfError(error, call.head, contentType), undefined);
  return {
    requestData: (_bytes, start, end) => call.creditRequest(end - start),
    requestEnd: () => undefined,
    requestSent: () => undefined,
    responseHead: () => undefined,
    responseData: () => undefined,
    responseEnd: () => undefined,
    responseSent: () => undefined,
    closed: () => undefined,
  };
}

function envelopeOf(fullMethod: string, { fields }: HeaderBlock, instanceId: string): Envelope {
  const headers: Record<string, string[]> = {};
  for (let i = 0; i < fields.length; i += 2) {
    const shown = SHOWN_HEADERS[fields[i] ?? ""];
    if (shown !== undefined) (headers[shown] ??= []).push(fields[i + 1] ?? "");
  }
  return { fullMethod, instanceId, headers };
}
