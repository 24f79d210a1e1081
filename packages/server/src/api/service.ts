import type {
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  Message,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Call } from "../call.ts";

/**
 * The handlers of a service's RPCs, by local method name. The compiler finds the RPC that has none.
 *
 * That of a stream answers its messages, most easily as a generator (`async *watch(request, call) { … }`). The next message is asked for when the one before
 * has left, so a client that reads slowly holds it up. What it throws ends the stream with that error; before the first message, the call is refused with it.
 * `call.signal` is aborted when the stream is over, whatever ended it: the client is gone, its deadline has passed, the server stops, a target refused a message. Whoever waits for the next
 * message must wait no longer then. The iterator's `return()` is called too, which has a generator run its `finally` once it waits for nothing.
 */
export type Handlers<S extends DescService> = {
  readonly [M in keyof S["method"]]: S["method"][M] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, call: Call) => Promise<MessageInitShape<O>> | MessageInitShape<O>
    : S["method"][M] extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, call: Call) => AsyncIterable<MessageInitShape<O>>
      : never;
};

/** A service that the own API serves on every protocol. Its RPCs are unary, or stream to the client. */
export interface ApiService {
  readonly service: DescService;
  readonly handlers: Readonly<Record<string, (request: Message, call: Call) => unknown>>;
}

/** Puts a service and its handlers together; after this, only their names tie them. */
export function apiService<S extends DescService>(service: S, handlers: Handlers<S>): ApiService {
  return { service, handlers: handlers };
}
