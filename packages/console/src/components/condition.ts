import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Condition, ConditionSchema } from "@interpose/protocol/gen/zitadel/action/v3alpha/execution_pb";
import type { ExplainSubject } from "./links.tsx";

/** What an execution is for, in parts. `name` is empty where all is meant; a method is package.Service/Method, a group has no `.*`. */
export interface ConditionParts {
  readonly kind: ConditionKind;
  readonly scope: "all" | "service" | "method" | "function" | "type" | "group";
  readonly name: string;
}

/** What happens that an execution can be for. */
export type ConditionKind = "request" | "response" | "function" | "event";

/** The kinds, and what those of a kind are called. */
export const CONDITION_KINDS: readonly { readonly value: ConditionKind; readonly label: string }[] = [
  { value: "request", label: "Requests" },
  { value: "response", label: "Responses" },
  { value: "function", label: "Functions" },
  { value: "event", label: "Events" },
];

/** Reads the id of an execution, such as request/package.Service/Method or event/group.*. Undefined: it is the id of none. */
export function parseConditionId(id: string): ConditionParts | undefined {
  const slash = id.indexOf("/");
  const kind = CONDITION_KINDS.find(({ value }) => value === (slash < 0 ? id : id.slice(0, slash)))?.value;
  if (!kind) return undefined;
  if (slash < 0) return kind === "function" ? undefined : { kind, scope: "all", name: "" };
  const name = id.slice(slash + 1);
  const parts = name.split("/");
  if (parts.includes("")) return undefined;
  if (kind === "function") return parts.length === 1 ? { kind, scope: "function", name } : undefined;
  if (kind === "event") {
    if (parts.length > 1 || name === ".*") return undefined;
    return name.endsWith(".*") ? { kind, scope: "group", name: name.slice(0, -2) } : { kind, scope: "type", name };
  }
  if (parts.length > 2) return undefined;
  return { kind, scope: parts.length === 1 ? "service" : "method", name };
}

/** The id of the execution for a condition. */
export function conditionId({ kind, scope, name }: ConditionParts): string {
  if (scope === "all") return kind;
  return scope === "group" ? `${kind}/${name}.*` : `${kind}/${name}`;
}

/** A condition as the API answers it. Undefined: it is of a kind that this console does not know. */
export function conditionFromProto({ conditionType: { case: kind, value } }: Condition): ConditionParts | undefined {
  if (kind === undefined) return undefined;
  if (kind === "function") return { kind, scope: "function", name: value.name };
  const { condition } = value;
  switch (condition.case) {
    case "method":
      return { kind, scope: "method", name: condition.value.replace(/^\//, "") };
    case "service":
      return { kind, scope: "service", name: condition.value };
    case "event":
      return { kind, scope: "type", name: condition.value };
    case "group":
      return { kind, scope: "group", name: condition.value.replace(/\.\*$/, "") };
    case "all":
      return { kind, scope: "all", name: "" };
    case undefined:
      return undefined;
  }
}

/** A condition as the API wants it. */
export function conditionToProto({ kind, scope, name }: ConditionParts): MessageInitShape<typeof ConditionSchema> {
  switch (kind) {
    case "function":
      return { conditionType: { case: kind, value: { name } } };
    case "event": {
      const condition =
        scope === "all"
          ? ({ case: "all", value: true } as const)
          : ({ case: scope === "group" ? "group" : "event", value: name } as const);
      return { conditionType: { case: kind, value: { condition } } };
    }
    case "request":
    case "response": {
      const condition =
        scope === "all"
          ? ({ case: "all", value: true } as const)
          : scope === "service"
            ? ({ case: "service", value: name } as const)
            : ({ case: "method", value: `/${name}` } as const);
      return { conditionType: { case: kind, value: { condition } } };
    }
  }
}

/** What an execution is for, in words. */
export function conditionWords({ kind, scope, name }: ConditionParts): string {
  const messages = kind === "request" ? "request" : kind === "response" ? "response" : "event";
  switch (scope) {
    case "all":
      return `Every ${messages}`;
    case "service":
      return `Every ${messages} of ${name}`;
    case "method": {
      const [service = "", method = ""] = name.split("/");
      return `${capital(messages)}s of ${method} in ${service}`;
    }
    case "function":
      return `Invocations of ${name}`;
    case "type":
      return `Events ${name}`;
    case "group":
      return `Every event below ${name}`;
  }
}

/** The same of an id, which stays as it is where it is the id of none. */
export function executionWords(id: string): string {
  const parts = parseConditionId(id);
  return parts ? conditionWords(parts) : id;
}

/** What the pages Explain and Try are asked for a condition. Undefined: it means many things. */
export function subjectOfCondition({ kind, scope, name }: ConditionParts): ExplainSubject | undefined {
  if (kind === "function") return { kind, function: name };
  if (kind === "event") return scope === "type" ? { kind, event: name } : undefined;
  return scope === "method" ? { kind, method: `/${name}` } : undefined;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
