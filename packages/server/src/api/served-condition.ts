import { InterposeError, type Condition } from "@interpose/engine";
import type { ProtoCondition } from "./condition.ts";
import type { ApiContext } from "./context.ts";

/** Refuses a condition on a method, service or function that nobody serves. Events are not looked at: they are learned when they happen. */
export async function servedCondition(
  condition: Condition | undefined,
  given: ProtoCondition | undefined,
  api: ApiContext,
  instanceId: string,
): Promise<Condition> {
  if (condition?.kind === "function") {
    if ((await api.functions.named(instanceId, [condition.name])).length > 0) return condition;
    throw unknown(
      `There is no function "${condition.name}". ListExecutionFunctions names those that exist.`,
      "COMMAND-cdy39t0ksr",
    );
  }
  if (condition?.kind === "event") return condition;
  if (condition?.scope.kind === "all") return condition;
  if (condition?.scope.kind === "service") {
    if (api.catalog().services.includes(condition.scope.service)) return condition;
    const text = `There is no service "${condition.scope.service}". ListExecutionServices names those that exist.`;
    throw unknown(text, "COMMAND-qu6dfhiioq");
  }
  if (condition && api.catalog().methods.includes(`/${condition.scope.service}/${condition.scope.method}`))
    return condition;
  const text = `There is no method "${nameOf(given)}". It has the form "/package.Service/Method"; ListExecutionMethods names those that exist.`;
  throw unknown(text, "COMMAND-vysplsevt8");
}

function unknown(text: string, id: string): InterposeError {
  return new InterposeError("condition_unknown", text, { id, key: "Errors.Execution.ConditionInvalid" });
}

/** The method's name as the client gave it, which need not be one. */
export function nameOf(condition: ProtoCondition | undefined): string {
  const type = condition?.conditionType;
  const scope = type?.case === "request" || type?.case === "response" ? type.value.condition : undefined;
  return scope?.case === "method" ? scope.value : "";
}
