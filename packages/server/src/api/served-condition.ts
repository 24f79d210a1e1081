import { InterposeError, type Condition } from "@interpose/engine";
import type { ProtoCondition } from "./condition.ts";
import type { ApiContext } from "./context.ts";

/** What says which methods, services and functions there are. */
export type ConditionSources = Pick<ApiContext, "functions" | "catalog">;

/** Refuses a condition on a method, service or function that nobody serves. Events are not looked at: they are learned when they happen. */
export async function servedCondition(
  condition: Condition | undefined,
  given: ProtoCondition | undefined,
  sources: ConditionSources,
  instanceId: string,
): Promise<Condition> {
  if (!condition) throw unknownMethod(nameOf(given));
  await refuseUnserved(condition, sources, instanceId);
  return condition;
}

/** The same for a condition that names what can be. */
export async function refuseUnserved(
  condition: Condition,
  { functions, catalog }: ConditionSources,
  instanceId: string,
): Promise<void> {
  if (condition.kind === "event") return;
  if (condition.kind === "function") {
    if ((await functions.named(instanceId, [condition.name])).length > 0) return;
    throw unknown(
      `There is no function "${condition.name}". ListExecutionFunctions names those that exist.`,
      "COMMAND-cdy39t0ksr",
    );
  }
  const { scope } = condition;
  if (scope.kind === "all") return;
  if (scope.kind === "service") {
    if (catalog().services.includes(scope.service)) return;
    const text = `There is no service "${scope.service}". ListExecutionServices names those that exist.`;
    throw unknown(text, "COMMAND-qu6dfhiioq");
  }
  const name = `/${scope.service}/${scope.method}`;
  if (!catalog().methods.includes(name)) throw unknownMethod(name);
}

function unknownMethod(name: string): InterposeError {
  const text = `There is no method "${name}". It has the form "/package.Service/Method"; ListExecutionMethods names those that exist.`;
  return unknown(text, "COMMAND-vysplsevt8");
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
