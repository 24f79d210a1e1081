import { Metadata, ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { callContextOf } from "../../call-context.ts";
import type { CallerIdentity } from "../../caller-identity.ts";
import { messageFromBytes } from "../../encoded-message.ts";
import type { Message, PlansOfMethod } from "@interpose/engine";
import { FORWARDED_FOR } from "../../shown-headers.ts";
import { createCallHooks, type HookedMethod } from "../hooked-method.ts";
import type { InterceptorHost } from "../interceptor-host.ts";
import type { MessageCodec } from "./message.ts";
import { failureOf, statusOfError, type StatusOfCall } from "./outcome.ts";

/** The call as grpc-js hands it to an interceptor. */
export type NextCall = Parameters<ServerInterceptor>[1];

/** Finds out who calls, by what a call came with and who is at the other end of its connection. */
export type IdentifyByMetadata = (
  metadata: Metadata,
  call: Pick<NextCall, "getPeer" | "getAuthContext">,
) => CallerIdentity | Promise<CallerIdentity>;

/** What a hooked call needs to know. */
export interface HookedCallOptions {
  readonly host: InterceptorHost;
  readonly method: HookedMethod;
  /** The plans in force when the call began. At least one is there. */
  readonly plans: PlansOfMethod;
  readonly caller: IdentifyByMetadata | undefined;
  readonly codecs: { readonly request: MessageCodec; readonly response: MessageCodec };
}

/**
 * A call whose messages executions look at. Both directions hold one message at a time: grpc-js reads the next one when the service asks for it, and the service writes the next one
 * when the one before is gone. States: *open*; *ending*, when the service has given its status, which may have to wait for the message before it, or for targets that are shown an
 * error; *over*, when a message or an error was refused, or the client went away. What comes after either goes nowhere.
 */
export function createHookedCall(next: NextCall, options: HookedCallOptions): ServerInterceptingCall {
  const { host, method, plans, caller, codecs } = options;
  const abort = new AbortController();
  let metadata = new Metadata();
  let hooks: ReturnType<typeof createCallHooks> | undefined;
  let isOver = false;
  let isSending = false;
  /** The service's status, once it has given one. */
  let ending: StatusOfCall | undefined;

  const hooksOfCall = (): ReturnType<typeof createCallHooks> =>
    (hooks ??= createCallHooks(host, {
      method,
      plans,
      context: { ...callContextOf(header), deadline: deadlineOf(next) },
      header,
      identify: caller && (() => caller(metadata, next)),
      signal: abort.signal,
    }));

  /** grpc-js takes `host` and `content-type` out of what it hands on, and knows the client's address, which stands last in the list. */
  function header(name: string): string | undefined {
    if (name === "host") return next.getHost();
    if (name === "content-type") return "application/grpc";
    const values = metadata.get(name).map(String);
    if (name === FORWARDED_FOR) values.push(addressOf(next.getPeer()));
    return values.length === 0 ? undefined : values.join(", ");
  }

  function refuse(error: unknown): void {
    if (isOver) return;
    end();
    next.sendStatus(statusOfError(error));
  }

  function end(): void {
    isOver = true;
    abort.abort();
  }

  const emptyRequest = (): Message => messageFromBytes(method.descriptor.input, new Uint8Array(), method.registry);

  /** Ends the call as the service did, once those have seen an error who ask for it. */
  function finish(status: StatusOfCall): void {
    const { failed } = hooksOfCall();
    const failure = failed && failureOf(status, method.registry);
    if (!failed || !failure) next.sendStatus(status);
    else failed(failure, emptyRequest).then(() => !isOver && next.sendStatus(status), refuse);
  }

  /** What comes of a message; undefined when the call is over. Decoding and running are one step, so that whatever fails refuses. */
  async function changed(
    side: "request" | "response",
    object: unknown,
  ): Promise<{ readonly object: unknown } | undefined> {
    try {
      const received = codecs[side].read(object);
      const outcome =
        side === "request"
          ? await hooksOfCall().request(received)
          : await hooksOfCall().response(received, emptyRequest);
      if (isOver) return undefined;
      return { object: outcome === received ? object : codecs[side].write(outcome) };
    } catch (error) {
      refuse(error);
      return undefined;
    }
  }

  return Object.assign(new ServerInterceptingCall(next), {
    start(listener: Parameters<NextCall["start"]>[0]): void {
      next.start({
        onReceiveMetadata(received) {
          metadata = received;
          listener.onReceiveMetadata(received);
        },
        onReceiveMessage(object) {
          if (isOver || ending) return;
          void changed("request", object).then((outcome) => {
            if (outcome) listener.onReceiveMessage(outcome.object);
          });
        },
        onReceiveHalfClose() {
          // It comes when the service asks for what is behind the last message, and thus never while one is looked at.
          if (!isOver) listener.onReceiveHalfClose();
        },
        onCancel() {
          end();
          listener.onCancel();
        },
      });
    },

    sendMetadata(sent: Metadata): void {
      if (!isOver) next.sendMetadata(sent);
    },

    sendMessage(object: unknown, callback: () => void): void {
      if (isOver || ending) return;
      if (!plans.response) {
        next.sendMessage(object, callback);
        return;
      }
      isSending = true;
      void changed("response", object).then((outcome) => {
        isSending = false;
        if (!outcome) return;
        next.sendMessage(outcome.object, callback);
        if (ending) finish(ending);
      });
    },

    sendStatus(status: StatusOfCall): void {
      if (isOver || ending) return;
      ending = status;
      // A service may end a call with an error while a message before that is looked at: that comes first.
      if (!isSending) finish(status);
    },
  });
}

/** When the client waits no longer, by the clock of `performance.now()`. */
function deadlineOf(call: NextCall): number | undefined {
  const deadline = Number(call.getDeadline());
  return deadline === Infinity ? undefined : performance.now() + deadline - Date.now();
}

/** A peer is an address and a port, both of a socket. */
function addressOf(peer: string): string {
  return peer.replace(/:\d+$/, "");
}
