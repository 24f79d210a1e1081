import type { JsonObject } from "./json.ts";
import { mergeJson, mergePatch } from "./merge-json.ts";
import { MessageMismatch } from "./message.ts";
import { faultOfJson } from "./plain-json.ts";
import type { Subject } from "./subject.ts";

/** A function that is invoked. */
export interface InvokedFunction {
  /** Its name, without "function/". */
  readonly name: string;
  readonly input: JsonObject;
  /** The output as it shall be, of what replies have come to together. Throws MessageMismatch when that breaks the function's rules. */
  readonly outputOf: (merged: JsonObject) => JsonObject;
  /** The text of a reply without what targets are not shown, as the record has it. Default: as it is. */
  readonly recordable?: ((reply: string) => string | undefined) | undefined;
}

/** An invocation as a run is about it. */
export interface Invocation extends Subject<Invocation> {
  /** What replies have come to so far. */
  readonly output: JsonObject;
}

/**
 * What a run is about for a function: each target is told its id and the whole input, whatever its dialect, and what it answers is merged into the output of
 * those before it; of a target that patches, `null` takes out what others answered. A reply that does not fit leaves the output as it was.
 */
export function invocation(invoked: InvokedFunction): Invocation {
  const { name, input } = invoked;
  const function_: [string, string] = ["function", `function/${name}`];
  const payload = Object.fromEntries([function_, ...Object.entries(input).filter(([key]) => key !== "function")]);
  return withOutput(invoked, payload, {});
}

function withOutput(invoked: InvokedFunction, payload: JsonObject, output: JsonObject): Invocation {
  return {
    kind: "function",
    output,
    payloadFor: () => payload,
    stateFor: () => output,
    recordable: (reply) => (invoked.recordable ? invoked.recordable(reply) : reply),
    repliedBy: ({ replyMode }, reply) =>
      withOutput(
        invoked,
        payload,
        invoked.outputOf(merged(output, reply, replyMode === "patch" ? mergePatch : mergeJson)),
      ),
  };
}

function merged(output: JsonObject, reply: JsonObject, merge: typeof mergeJson): JsonObject {
  const fault = faultOfJson(reply, "reply");
  if (fault !== undefined) throw new MessageMismatch(fault);
  return merge(output, reply);
}
