import {
  conditionId,
  InterposeError,
  methodScopeFromText,
  validateCondition,
  type Condition,
  type MethodScope,
} from "@interpose/engine";
import type * as v2 from "@interpose/protocol/gen/zitadel/action/v2/execution_pb";
import type * as v2beta from "@interpose/protocol/gen/zitadel/action/v2beta/execution_pb";
import type * as v3alpha from "@interpose/protocol/gen/zitadel/action/v3alpha/execution_pb";

/** A condition as each version of the action API writes it: in the same fields. */
export type ProtoCondition = v3alpha.Condition | v2beta.Condition | v2.Condition;

type CaseOf<C extends string> = Extract<ProtoCondition["conditionType"], { readonly case: C }>["value"];

/**
 * Reads a condition. Throws `condition_invalid` when it is incomplete; `field` is its path, for the violation.
 * A method that has not the form "/package.Service/Method" comes back as undefined: nothing by that name can exist.
 */
export function conditionFromProto(condition: ProtoCondition | undefined, field: string): Condition | undefined {
  const type = condition?.conditionType;
  switch (type?.case) {
    case "request":
    case "response": {
      const scope = scopeFromProto(type.value, `${field}.${type.case}`);
      return scope && checked({ kind: type.case, scope }, `${field}.${type.case}`, "COMMAND-3tkej630e6");
    }
    case "function":
      if (type.value.name === "") throw incomplete(`${field}.function`, "name", "COMMAND-5folwn5jws");
      return checked({ kind: "function", name: type.value.name }, `${field}.function`, "COMMAND-5folwn5jws");
    case "event":
      return eventFromProto(type.value, `${field}.event`);
    case undefined:
      throw new InterposeError(
        "condition_invalid",
        `${field} names nothing. Give it a request, a response, a function or an event.`,
        {
          id: "ACTION-5r5Ju",
          key: "Errors.Execution.ConditionInvalid",
          violations: [{ field, description: "one of request, response, function, event is required" }],
        },
      );
  }
}

function scopeFromProto({ condition }: CaseOf<"request" | "response">, field: string): MethodScope | undefined {
  if (condition.case === "method" && condition.value !== "") {
    const scope = methodScopeFromText(condition.value);
    return scope && { kind: "method", ...scope };
  }
  if (condition.case === "service" && condition.value !== "") return { kind: "service", service: condition.value };
  if (condition.case === "all" && condition.value) return { kind: "all" };
  throw incomplete(field, "method, a service, or all: true", "COMMAND-3tkej630e6");
}

function eventFromProto({ condition }: CaseOf<"event">, field: string): Condition {
  const id = "COMMAND-w5smb6v7qu";
  if (condition.case === "event" && condition.value !== "") {
    return checked({ kind: "event", match: { kind: "type", type: condition.value } }, field, id);
  }
  if (condition.case === "group" && condition.value !== "") {
    // ZITADEL appends ".*" unless it is there already: both spellings mean the same group.
    return checked({ kind: "event", match: { kind: "group", group: condition.value.replace(/\.\*$/, "") } }, field, id);
  }
  if (condition.case === "all" && condition.value) return { kind: "event", match: { kind: "all" } };
  throw incomplete(field, "event, a group, or all: true", id);
}

function checked(condition: Condition, field: string, id: string): Condition {
  const fault = validateCondition(condition);
  if (fault === undefined) return condition;
  throw new InterposeError("condition_invalid", `${field}: ${fault}`, {
    id,
    key: "Errors.Execution.Invalid",
    violations: [{ field, description: fault }],
  });
}

function incomplete(field: string, missing: string, id: string): InterposeError {
  return new InterposeError("condition_invalid", `${field} is incomplete. Give it a ${missing}.`, {
    id,
    key: "Errors.Execution.Invalid",
    violations: [{ field, description: `needs a ${missing}` }],
  });
}

/** Writes a condition as the contract spells it, in every version. */
export function conditionToProto(condition: Condition) {
  return { conditionType: typeToProto(condition) };
}

function typeToProto(condition: Condition) {
  switch (condition.kind) {
    case "request":
    case "response":
      return { case: condition.kind, value: { condition: scopeToProto(condition.scope) } };
    case "function":
      return { case: condition.kind, value: { name: condition.name } };
    case "event":
      return { case: condition.kind, value: { condition: eventToProto(condition) } };
  }
}

function scopeToProto(scope: MethodScope) {
  switch (scope.kind) {
    case "method":
      return { case: "method", value: `/${scope.service}/${scope.method}` } as const;
    case "service":
      return { case: "service", value: scope.service } as const;
    case "all":
      return { case: "all", value: true } as const;
  }
}

function eventToProto({ match }: Extract<Condition, { kind: "event" }>) {
  switch (match.kind) {
    case "type":
      return { case: "event", value: match.type } as const;
    case "group":
      return { case: "group", value: match.group } as const;
    case "all":
      return { case: "all", value: true } as const;
  }
}

/**
 * Id of a condition in a filter, which is not validated: what is incomplete or cannot exist has no id, and matches nothing.
 * A condition without any kind is refused, as everywhere.
 */
export function filterIdFromProto(condition: ProtoCondition, field: string): string | undefined {
  try {
    const parsed = conditionFromProto(condition, field);
    return parsed && conditionId(parsed);
  } catch (error) {
    if (error instanceof InterposeError && condition.conditionType.case !== undefined) return undefined;
    throw error;
  }
}
