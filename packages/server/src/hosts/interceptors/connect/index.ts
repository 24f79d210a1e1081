import { createRegistry, type DescFile, type DescMethod, type Registry } from "@bufbuild/protobuf";
import type { Interceptor, StreamRequest, StreamResponse, UnaryRequest, UnaryResponse } from "@connectrpc/connect";
import { connectErrorOfCall } from "../../../listener/connect-error.ts";
import type { Message } from "@interpose/engine";
import { callContextOf } from "../../call-context.ts";
import type { CallerIdentity } from "../../caller-identity.ts";
import { createCallHooks, hookedMethod, type CallHooks, type HookedMethod } from "../hooked-method.ts";
import type { InterceptorHost } from "../interceptor-host.ts";
import { emptyMessage, hookedMessage, protobufOf } from "./message.ts";
import { createStreamRefusal, failureOf, type StreamRefusal } from "./outcome.ts";

/** Choices of an interceptor for connect-es servers. */
export interface InterposeInterceptorOptions {
  /** Types that `google.protobuf.Any` may hold in the messages. Default: those of the service's own files and what they import. */
  readonly registry?: Registry | undefined;
  /**
   * Who makes a call, as your service knows it: targets are told. Interceptors behind which this one stands may have left it among the `contextValues`. What it throws ends the
   * call. Default: nobody is known.
   */
  readonly caller?: ((request: UnaryRequest | StreamRequest) => CallerIdentity | Promise<CallerIdentity>) | undefined;
}

/**
 * Runs executions around the calls of a connect-es server (https://connectrpc.com/docs/node/interceptors), whatever protocol they come in: request targets see each message before
 * the service does, response targets each before the client does, in order, and what the service fails with, where their execution asks for that. A refusal ends the call with its
 * error. A call of a method that nothing hooks pays for one comparison.
 */
export function interposeInterceptor(
  { host }: { readonly host: InterceptorHost },
  options: InterposeInterceptorOptions = {},
): Interceptor {
  const methods = new WeakMap<DescMethod, HookedMethod>();

  function methodOf(descriptor: DescMethod): HookedMethod {
    let method = methods.get(descriptor);
    if (!method) {
      host.learn([descriptor.parent]);
      method = hookedMethod(descriptor, options.registry ?? typesAround(descriptor.parent.file));
      methods.set(descriptor, method);
    }
    return method;
  }

  return (next) => async (request) => {
    const method = methodOf(request.method);
    const plans = method.plans(host.snapshot());
    if (!plans.request && !plans.response) return next(request);
    const header = headerOf(request);
    const hooks = createCallHooks(host, {
      method,
      plans,
      context: callContextOf(header),
      header,
      identify: options.caller && (() => options.caller?.(request) ?? {}),
      signal: request.signal,
    });
    // A call is answered in the form that it came in.
    if (request.stream) {
      return hookedStream(method, hooks, request, async (hooked) => (await next(hooked)) as StreamResponse);
    }
    return hookedUnary(method, hooks, request, async (hooked) => (await next(hooked)) as UnaryResponse);
  };
}

function headerOf({ header, url }: UnaryRequest | StreamRequest): (name: string) => string | undefined {
  // In HTTP/2 the host is :authority, which is no header to connect-node.
  return (name) => header.get(name) ?? (name === "host" ? new URL(url).host : undefined);
}

/** All types of a file and of what it imports. */
function typesAround(file: DescFile): Registry {
  const files = new Set<DescFile>();
  const add = (each: DescFile): void => {
    if (files.has(each)) return;
    files.add(each);
    each.dependencies.forEach(add);
  };
  add(file);
  return createRegistry(...files);
}

async function hookedUnary(
  { descriptor, registry }: HookedMethod,
  hooks: CallHooks,
  request: UnaryRequest,
  next: (request: UnaryRequest) => Promise<UnaryResponse>,
): Promise<UnaryResponse> {
  const orRefused = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw connectErrorOfCall(error, request.signal);
    }
  };
  const empty = (): Message => emptyMessage(descriptor.input, registry);
  const asked = await orRefused(hooks.request(hookedMessage(descriptor.input, request.message, registry)));
  const response = await next({ ...request, message: protobufOf(asked) }).catch(async (error: unknown) => {
    if (hooks.failed) await orRefused(hooks.failed(failureOf(error, registry), empty));
    throw error;
  });
  const received = hookedMessage(descriptor.output, response.message, registry);
  return { ...response, message: protobufOf(await orRefused(hooks.response(received, empty))) };
}

async function hookedStream(
  method: HookedMethod,
  hooks: CallHooks,
  request: StreamRequest,
  next: (request: StreamRequest) => Promise<StreamResponse>,
): Promise<StreamResponse> {
  const refusal = createStreamRefusal(request.signal);
  const message = hookedRequests(method, hooks, request.message, refusal);
  // A method without a stream of responses is answered here already.
  const response = await refusal.orRefusal(next({ ...request, message }).catch(failing(method, hooks, refusal)));
  return { ...response, message: hookedResponses(method, hooks, response.message, refusal) };
}

async function* hookedRequests(
  { descriptor, registry }: HookedMethod,
  hooks: CallHooks,
  messages: StreamRequest["message"],
  refusal: StreamRefusal,
): StreamRequest["message"] {
  for await (const message of messages) {
    const changed = await hooks
      .request(hookedMessage(descriptor.input, message, registry))
      .catch((error: unknown) => Promise.reject(refusal.refuse(error)));
    yield protobufOf(changed);
  }
}

async function* hookedResponses(
  method: HookedMethod,
  hooks: CallHooks,
  messages: StreamResponse["message"],
  refusal: StreamRefusal,
): StreamResponse["message"] {
  const { descriptor, registry } = method;
  const iterator = messages[Symbol.asyncIterator]();
  const failed = failing(method, hooks, refusal);
  try {
    for (;;) {
      const next = await refusal.orRefusal(iterator.next().catch(failed));
      if (next.done === true) return;
      const received = hookedMessage(descriptor.output, next.value, registry);
      const changed = await refusal.orRefusal(
        hooks
          .response(received, () => emptyMessage(descriptor.input, registry))
          .catch((error: unknown) => Promise.reject(refusal.refuse(error))),
      );
      yield protobufOf(changed);
    }
  } finally {
    // Not waited for: a service that waits for something else comes to its end in its own time.
    iterator.return?.().catch(() => undefined);
  }
}

/** What a failing service's error goes through, before it ends the stream. */
function failing(
  { descriptor, registry }: HookedMethod,
  { failed }: CallHooks,
  refusal: StreamRefusal,
): (error: unknown) => Promise<never> {
  return async (error) => {
    if (failed && !refusal.isRefused()) {
      const told = failed(failureOf(error, registry), () => emptyMessage(descriptor.input, registry));
      await told.catch((refused: unknown) => Promise.reject(refusal.refuse(refused)));
    }
    throw error;
  };
}
