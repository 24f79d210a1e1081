import {
  hiddenRoot,
  invocation,
  planForFunction,
  type HiddenPlace,
  type JsonObject,
  type Snapshot,
} from "@interpose/engine";
import { recordableJson, shownDynamic } from "@interpose/protocol";
import type { CallContext } from "../hosts/call-context.ts";
import type { RunCaller, Runner } from "../hosts/runner.ts";
import { existingFunction, type FunctionCatalog } from "./catalog.ts";
import { createRulesByFunction } from "./rules.ts";

/** What invoking needs. */
export interface InvokerOptions {
  readonly catalog: FunctionCatalog;
  /** The executions in force at this moment. */
  readonly snapshot: () => Snapshot;
  readonly run: Runner;
  /** Paths of what no target sees of an input. */
  readonly hiddenFields: readonly string[];
}

/** Within which call a function is invoked. */
export interface InvokingCall extends CallContext {
  readonly instanceId: string;
  /** Who asks for it, for the record. */
  readonly caller?: RunCaller | undefined;
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal;
}

/**
 * Invokes a function, and answers what its targets replied together: nothing where no execution is set on it. Throws `function_not_found`,
 * `function_input_invalid`, or what a target refused or failed with.
 */
export type InvokeFunction = (name: string, input: JsonObject, call: InvokingCall) => Promise<JsonObject>;

/** A reply of a function's target without what is hidden. Undefined: something is, and the reply is no JSON object. */
export function recordableReply(hidden: HiddenPlace, reply: string): string | undefined {
  return hidden.isEnd ? reply : recordableJson(reply, (json) => shownDynamic(hidden, json));
}

/** The one way to invoke functions, whoever asks for it. */
export function createInvoker({ catalog, snapshot, run, hiddenFields }: InvokerOptions): InvokeFunction {
  const rulesOf = createRulesByFunction();
  const hidden = hiddenRoot(hiddenFields);
  const recordable = (reply: string): string | undefined => recordableReply(hidden, reply);

  return async (name, input, { instanceId, caller = {}, ...call }) => {
    const rules = rulesOf(instanceId, await existingFunction(catalog, instanceId, name));
    rules.checkInput(input);
    const plan = planForFunction(snapshot(), name);
    if (!plan) return {};
    const shown = shownDynamic(hidden, input) as JsonObject;
    const { output } = await run({ ...call, caller, side: "function", plan, method: undefined }, () =>
      invocation({ name, input: shown, outputOf: rules.outputOf, recordable }),
    );
    return output;
  };
}
