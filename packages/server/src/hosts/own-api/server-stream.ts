import {
  create,
  type DescMethodServerStreaming,
  type DescMessage,
  type Message,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { beginTimeLimit } from "@interpose/caller";
import { InterposeError, type Plan } from "@interpose/engine";
import { authorize } from "../../access/authorize.ts";
import type { Call } from "../../call.ts";
import { hasPassed } from "../call-context.ts";
import { watchCaller, type ProvingAgain } from "./caller-standing.ts";
import { createMessageStream, type MessageStream } from "./message-stream.ts";
import type { MethodParts } from "./unary.ts";

/** A method that answers with a stream of messages. */
export interface ServerStreamMethod {
  readonly kind: "server_streaming";
  readonly descriptor: DescMethodServerStreaming;
  /**
   * Begins a call in the contract's order: permission, request targets, validation, handler. Each message goes through the response targets when it is asked for; what they refuse ends the stream.
   * So do the client's going away, its deadline, a caller who may no longer call, and the server's stop. Throws what the client is to see; what comes up later is thrown by the stream.
   */
  open(request: Message, call: Call): Promise<MessageStream>;
}

/** What a method with a stream is made of. */
export interface ServerStreamParts extends MethodParts<DescMethodServerStreaming> {
  /** Aborted when the server is told to stop. */
  readonly stopping: AbortSignal;
  readonly provingAgain: ProvingAgain;
}

type Handler = (request: Message, call: Call) => AsyncIterable<MessageInitShape<DescMessage>>;

/** Makes one. */
export function serverStreamMethod(parts: ServerStreamParts): ServerStreamMethod {
  const { descriptor, access, hooks, validate, stopping, provingAgain } = parts;
  const handler = parts.handler as Handler;

  function begin(request: Message, plan: Plan | undefined, call: Call): MessageStream {
    const client = clientOf(call);
    const caller = watchCaller(call.headers, access, provingAgain);
    const clear = (): void => {
      client.clear();
      caller.clear();
    };
    try {
      const stream = createMessageStream({
        begin: (signal) => handler(request, { ...call, signal }) as AsyncIterable<Message>,
        async pass(answered, signal) {
          const message = create(descriptor.output, answered);
          return plan ? hooks.response(plan, request, message, { ...call, signal }) : message;
        },
        async failed(error, signal) {
          if (plan) await hooks.failed(plan, request, error, { ...call, signal });
        },
        enders: [client, caller, { signal: stopping, error: serverStopping }],
      });
      void stream.ended.then(clear);
      return stream;
    } catch (error) {
      clear();
      throw error;
    }
  }

  return {
    kind: "server_streaming",
    descriptor,
    async open(received, call) {
      authorize(call.caller, access);
      // What was in force when the call began holds for all of its messages, however long it goes on.
      const plans = hooks.plans(call);
      const request = plans?.request ? await hooks.request(plans.request, received, call) : received;
      const plan = plans?.response;
      try {
        validate(request);
        return begin(request, plan, call);
      } catch (error) {
        if (plan) await hooks.failed(plan, request, error, call);
        throw error;
      }
    },
  };
}

/** The client of a call as what ends its stream: by going away, or by its deadline. */
function clientOf({ signal, context: { deadline } }: Call): {
  readonly signal: AbortSignal;
  readonly error: () => InterposeError;
  readonly clear: () => void;
} {
  const error = (): InterposeError =>
    hasPassed(deadline)
      ? new InterposeError("call_timed_out", "The deadline of the call has passed.")
      : new InterposeError("call_cancelled", "The client has gone away.");
  if (deadline === undefined) return { signal, error, clear: () => undefined };
  const time = beginTimeLimit(signal, deadline - performance.now());
  return { signal: time.signal, error, clear: () => time.clear() };
}

function serverStopping(): InterposeError {
  return new InterposeError("server_stopping", "The server is stopping. Call again, once it or another one answers.");
}
