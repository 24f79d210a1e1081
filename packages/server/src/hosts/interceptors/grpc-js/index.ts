import {
  ServerInterceptingCall,
  type MethodDefinition,
  type ServerInterceptor,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import type { Registry } from "@bufbuild/protobuf";
import { InterposeError } from "@interpose/engine";
import { serviceOfRpcPath } from "@interpose/protocol";
import { hookedMethod, planFinder, type HookedMethod } from "../hooked-method.ts";
import type { InterceptorHost } from "../interceptor-host.ts";
import { describeServices } from "./descriptors.ts";
import { createHookedCall, type IdentifyByMetadata, type NextCall } from "./hooked-call.ts";
import { messageCodec, type MessageCodec } from "./message.ts";
import { statusOfError } from "./outcome.ts";

/** Choices of an interceptor for @grpc/grpc-js servers. */
export interface InterposeInterceptorOptions {
  /** The services that can be hooked, as they are given to `server.addService`. */
  readonly services: readonly ServiceDefinition[];
  /**
   * What their messages are made of: a set of descriptors, as `buf build -o FILE` and `protoc --descriptor_set_out` make them, or a registry. Default: what @grpc/proto-loader
   * knows. Its names are lowerCamelCase unless it was told to `keepCase`, and so are then those of the payloads.
   */
  readonly descriptors?: Registry | Uint8Array | undefined;
  /** Who makes a call, as your service knows it: targets are told. What it throws ends the call. Default: nobody is known. */
  readonly caller?: IdentifyByMetadata | undefined;
}

interface Known {
  readonly method: HookedMethod;
  readonly codecs: { readonly request: MessageCodec; readonly response: MessageCodec };
}

/**
 * Runs executions around the calls of a @grpc/grpc-js server, as one of the `interceptors` of its options: request targets see each message before the service does, response targets
 * each before the client does, in order, and what the service fails with, where their execution asks for that. A refusal ends the call with its status and details. A call of a method that nothing hooks pays for one comparison.
 * A hooked method whose service was not given is refused. Throws `descriptors_invalid` for services that are not described.
 */
export function interposeInterceptor(
  { host }: { readonly host: InterceptorHost },
  { services, descriptors, caller }: InterposeInterceptorOptions,
): ServerInterceptor {
  const { registry, methods } = describeServices(services, descriptors);
  const known = new Map<string, Known>();
  for (const [path, { descriptor, definition }] of methods) {
    known.set(path, { method: hookedMethod(descriptor, registry), codecs: codecsOf(descriptor, definition, registry) });
  }
  host.learn([...new Set([...methods.values()].map(({ descriptor }) => descriptor.parent))]);
  const isHookedUnseen = createUnseen(host);

  return ({ path }, next) => {
    const found = known.get(path);
    if (!found) return isHookedUnseen(path) ? refused(next, notDescribed(path)) : untouched(next);
    const plans = found.method.plans(host.snapshot());
    if (!plans.request && !plans.response) return untouched(next);
    return createHookedCall(next, { host, plans, caller, ...found });
  };
}

function codecsOf(
  descriptor: HookedMethod["descriptor"],
  definition: MethodDefinition<unknown, unknown>,
  registry: Registry,
): Known["codecs"] {
  const codec = (side: "request" | "response"): MessageCodec => messageCodec(side, descriptor, definition, registry);
  return { request: codec("request"), response: codec("response") };
}

/** A call that nobody looks at. grpc-js needs of an interceptor's answer no more than a call has; a wrapper would cost each call for nothing. */
function untouched(next: NextCall): ServerInterceptingCall {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- see above
  return next as ServerInterceptingCall;
}

/** A call that is refused before it begins. */
function refused(next: NextCall, error: InterposeError): ServerInterceptingCall {
  return Object.assign(new ServerInterceptingCall(next), { start: () => next.sendStatus(statusOfError(error)) });
}

/** Whether an execution would look at a call of a service that was not given. */
function createUnseen({ snapshot }: InterceptorHost): (path: string) => boolean {
  // grpc-js hands on calls of methods that are registered alone, so this cannot grow without end.
  const finders = new Map<string, ReturnType<typeof planFinder>>();
  return (path) => {
    let find = finders.get(path);
    if (!find) finders.set(path, (find = planFinder(serviceOfRpcPath(path) ?? "", path)));
    const { request, response } = find(snapshot());
    return request !== undefined || response !== undefined;
  };
}

function notDescribed(path: string): InterposeError {
  return new InterposeError(
    "method_not_described",
    `Executions look at the messages of ${path}, and the interceptor does not know its service. Give it among the interceptor's services.`,
  );
}
