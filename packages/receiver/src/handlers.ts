import type {
  BuiltinFunctionCall,
  Call,
  EventCall,
  FunctionCall,
  OtherFunctionCall,
  RequestCall,
  ResponseCall,
} from "./call.ts";
import { ReceiverError } from "./error.ts";
import type { BuiltinFunctions } from "./functions.ts";
import type { Change, Refusal, Reply, Unchanged } from "./reply.ts";
import type { Verified } from "./verify.ts";

/** What a handler is told beside the call. */
export interface Context {
  /** What the signature proves; `undefined` where the receiver allows unsigned calls. */
  readonly verified: Verified | undefined;
  /** The header `interpose-run`: send it back, as it is, with every call that you make while you answer. */
  readonly run: string | undefined;
}

// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- A handler may answer nothing at all, which is more than answering undefined: `async () => {}`.
type Answered<R> = R | undefined | void | Promise<R | undefined | void>;

/** Handles one kind of call. What it throws is answered with 500, and the sender decides what follows. */
// A method, so that handlers of one function are handlers of any, as far as the record of them is concerned.
export type Handler<C, R> = { handle(call: C, context: Context): Answered<R> }["handle"];

type BuiltinHandlers = {
  readonly [Name in keyof BuiltinFunctions]?: Handler<
    BuiltinFunctionCall<Name>,
    Unchanged | Refusal | Change<BuiltinFunctions[Name]["reply"]>
  >;
};

type OtherHandlers = Readonly<Record<string, Handler<OtherFunctionCall, Reply> | undefined>>;

/** Handlers of functions by name, without `function/`. */
// An interface, since an intersection would leave the compiler unsure what a handler of a known name is given.
export interface FunctionHandlers extends BuiltinHandlers, OtherHandlers {}

/** What is done with calls, by their kind. A call of a kind without a handler is answered with 501: nobody is let through by forgetting. */
export interface Handlers {
  readonly request?: Handler<RequestCall, Unchanged | Refusal | Change<"message">>;
  readonly response?: Handler<ResponseCall, Unchanged | Refusal | Change<"message">>;
  /** An event that it refuses is not sent again. */
  readonly event?: Handler<EventCall, Unchanged | Refusal>;
  /** One handler of all functions, or several by name. */
  readonly function?: Handler<FunctionCall, Reply> | FunctionHandlers;
}

/** The handler of a call, ready to run. Throws `no_handler`. */
export function handlerOf(handlers: Handlers, call: Call): (context: Context) => Answered<Reply> {
  switch (call.kind) {
    case "request":
      return bound(handlers.request, call, call.kind);
    case "response":
      return bound(handlers.response, call, call.kind);
    case "event":
      return bound(handlers.event, call, call.kind);
    case "function":
      return bound(functionHandler(handlers.function, call.name), call, `${call.kind} ${JSON.stringify(call.name)}`);
  }
}

function functionHandler(handlers: Handlers["function"], name: string): Handler<FunctionCall, Reply> | undefined {
  if (typeof handlers === "function" || handlers === undefined) return handlers;
  // A call can name anything: `constructor` too.
  return Object.hasOwn(handlers, name) ? handlers[name] : undefined;
}

function bound<C, R extends Reply>(
  handler: Handler<C, R> | undefined,
  call: C,
  kind: string,
): (context: Context) => Answered<Reply> {
  if (handler === undefined) throw new ReceiverError("no_handler", `Nothing here handles calls of the kind ${kind}.`);
  return (context) => handler(call, context);
}
