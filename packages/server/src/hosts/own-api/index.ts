import type { DescMessage, DescMethod, DescMethodServerStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import type { MethodRules } from "@interpose/protocol";
import type { ApiService } from "../../api/service.ts";
import type { ProvingAgain } from "./caller-standing.ts";
import { createMethodHooks, type HooksOptions } from "./method-hooks.ts";
import { serverStreamMethod, type ServerStreamMethod } from "./server-stream.ts";
import { unaryMethod, type UnaryMethod } from "./unary.ts";

/** What the own API needs to run executions around its calls. */
export interface OwnApiOptions extends HooksOptions {
  readonly services: readonly ApiService[];
  readonly rules: (method: DescMethod) => MethodRules;
  /** Refuses a message that breaks the rules of its type. */
  readonly validate: (schema: DescMessage, message: Message) => void;
  /** Aborted when the server is told to stop, which ends all streams. */
  readonly stopping: AbortSignal;
  /** Ends the streams of those who may no longer read them. */
  readonly provingAgain: ProvingAgain;
}

/** The server's own API as a host: one call after another, whatever protocol they come in. */
export interface OwnApi {
  /** Methods that are served, by full name ("/package.Service/Method"). */
  readonly methods: ReadonlyMap<string, OwnMethod>;
}

/** One method of the own API. */
export type OwnMethod = UnaryMethod | ServerStreamMethod;

/** Builds the own API. A method without rules or without a handler stops the start, and so does one to which clients would send a stream. */
export function createOwnApi(options: OwnApiOptions): OwnApi {
  const methods = new Map<string, OwnMethod>();
  for (const { service, handlers } of options.services) {
    for (const descriptor of service.methods) {
      const name = `${service.typeName}.${descriptor.name}`;
      const handler = handlers[descriptor.localName];
      if (!handler) throw new Error(`${name} has no handler`);
      methods.set(`/${service.typeName}/${descriptor.name}`, ownMethod(name, descriptor, handler, options));
    }
  }
  return { methods };
}

function ownMethod(
  name: string,
  descriptor: DescMethod,
  handler: ApiService["handlers"][string],
  options: OwnApiOptions,
): OwnMethod {
  const { rules, validate, stopping, provingAgain } = options;
  const parts = {
    handler,
    access: rules(descriptor).access,
    hooks: createMethodHooks(descriptor, options),
    validate: (request: Message): void => validate(descriptor.input, request),
  };
  if (isUnary(descriptor)) return unaryMethod({ ...parts, descriptor });
  if (isServerStream(descriptor)) return serverStreamMethod({ ...parts, descriptor, stopping, provingAgain });
  throw new Error(`${name} has a stream of requests, for which the own API has no handlers`);
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}

function isServerStream(method: DescMethod): method is DescMethodServerStreaming {
  return method.methodKind === "server_streaming";
}
