import type { DescMethodUnary, DescService, Message, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Call } from "../call.ts";

/** The handlers of a service's RPCs, by local method name. The compiler finds the RPC that has none. */
export type Handlers<S extends DescService> = {
  readonly [M in keyof S["method"]]: S["method"][M] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, call: Call) => Promise<MessageInitShape<O>> | MessageInitShape<O>
    : never;
};

/** A service of unary RPCs that the own API serves on every protocol. */
export interface ApiService {
  readonly service: DescService;
  readonly handlers: Readonly<Record<string, (request: Message, call: Call) => unknown>>;
}

/** Puts a service and its handlers together; after this, only their names tie them. */
export function apiService<S extends DescService>(service: S, handlers: Handlers<S>): ApiService {
  return { service, handlers: handlers };
}
