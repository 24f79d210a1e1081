import {
  CallEffect,
  RunOutcome,
  RunSide,
  type Run,
  type RunCall,
} from "@interpose/protocol/gen/interpose/v1/run_service_pb";
import type { Tone } from "../../components/badge.tsx";
import type { ExplainSubject } from "../../components/links.tsx";

/** What runs are for, as the address of the list has it and for people. */
export const SIDES = [
  { value: "request", label: "request", side: RunSide.REQUEST },
  { value: "response", label: "response", side: RunSide.RESPONSE },
  { value: "function", label: "function", side: RunSide.FUNCTION },
] as const;

/** What runs come to. */
export const OUTCOMES = [
  { value: "passed", label: "passed", outcome: RunOutcome.PASSED, tone: "good" },
  { value: "changed", label: "changed", outcome: RunOutcome.CHANGED, tone: "info" },
  { value: "refused", label: "refused", outcome: RunOutcome.REFUSED, tone: "bad" },
] as const;

const EFFECTS: Readonly<Record<CallEffect, readonly [Tone, string]>> = {
  [CallEffect.UNSPECIFIED]: ["plain", "unknown"],
  [CallEffect.NONE]: ["good", "changed nothing"],
  [CallEffect.CHANGED]: ["info", "changed the message"],
  [CallEffect.STARTED]: ["plain", "not waited for"],
  [CallEffect.IGNORED]: ["warn", "failed, which was ignored"],
  [CallEffect.REFUSED]: ["bad", "failed, and refused the message"],
  [CallEffect.SHADOW]: ["plain", "shadow: compared, never applied"],
};

/** What a run was for, in a word. */
export function sideLabel({ side }: Pick<Run, "side">): string {
  return SIDES.find((each) => each.side === side)?.label ?? "unknown";
}

/** What a run came to. */
export function outcomeOf({ outcome }: Pick<Run, "outcome">): { readonly tone: Tone; readonly label: string } {
  return OUTCOMES.find((each) => each.outcome === outcome) ?? { tone: "plain", label: "unknown" };
}

/** What a call came to. One that is not waited for can fail all the same. */
export function effectOf({ effect, failure }: Pick<RunCall, "effect" | "failure">): readonly [Tone, string] {
  if (failure !== "" && effect === CallEffect.STARTED) return ["warn", "not waited for, and failed"];
  if (failure !== "" && effect === CallEffect.SHADOW) return ["warn", "shadow, which failed"];
  return EFFECTS[effect];
}

/** What a shadow would have come to in earnest, and whether that is the same as what the target beside it did. Undefined: it is none, or not known yet. */
export function inEarnest({
  effect,
  shadowEffect,
  isSame,
}: Pick<RunCall, "effect" | "shadowEffect" | "isSame">):
  { readonly tone: Tone; readonly words: string; readonly compared: string } | undefined {
  if (effect !== CallEffect.SHADOW || isSame === undefined) return undefined;
  const [, words] = EFFECTS[shadowEffect];
  return { tone: isSame ? "good" : "warn", words, compared: isSame ? "the same as beside it" : "not as beside it" };
}

/** A method as its name and its service; a function by its name alone. */
export function subjectOf({ method, function: name }: Pick<Run, "method" | "function">): {
  readonly name: string;
  readonly service: string;
} {
  if (method === "") return { name, service: "" };
  const [, service = "", rpc = method] = /^\/?(.*)\/([^/]+)$/.exec(method) ?? [];
  return { name: rpc, service };
}

/** Why a run happened, in a sentence. */
export function matchText({
  executionId,
  method,
  function: name,
}: Pick<Run, "executionId" | "method" | "function">): string {
  if (method === "") return `It is for the function ${name}.`;
  const [, scope = ""] = /^[^/]+\/?(.*)$/.exec(executionId) ?? [];
  if (scope === "") return "It is for all methods, and no execution is for this method or its service.";
  if (`/${scope}` === method) return "It names this very method, which counts before its service and before all.";
  if (scope.includes("/")) return "It names this method in another version of its package, which it is for as well.";
  if (!method.startsWith(`/${scope}/`))
    return `It is for all methods of ${scope}, and for those of the service's other versions.`;
  return `It is for all methods of ${scope}, and no execution is for this method alone.`;
}

/** What the page Explain is asked, to say what would be called now. */
export function explainSubjectOf({
  side,
  method,
  function: name,
}: Pick<Run, "side" | "method" | "function">): ExplainSubject {
  if (method === "") return { kind: "function", function: name };
  return { kind: side === RunSide.RESPONSE ? "response" : "request", method };
}
