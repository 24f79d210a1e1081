import { ExplainKind } from "@interpose/protocol/gen/interpose/v1/explain_service_pb";
import type { ConditionKind } from "../../components/condition.ts";
import type { ExplainSubject } from "../../components/links.tsx";

/** What a page of this kind is asked about: what happens, and the parameter of the address that names to what. */
export interface Happening {
  readonly value: ConditionKind;
  readonly label: string;
  readonly kind: ExplainKind;
  readonly parameter: "method" | "function" | "event";
  readonly placeholder: string;
}

/** What can happen. */
export const HAPPENINGS: readonly [Happening, ...Happening[]] = [
  {
    value: "request",
    label: "A request arrives",
    kind: ExplainKind.REQUEST,
    parameter: "method",
    placeholder: "/package.Service/Method",
  },
  {
    value: "response",
    label: "A response leaves",
    kind: ExplainKind.RESPONSE,
    parameter: "method",
    placeholder: "/package.Service/Method",
  },
  {
    value: "function",
    label: "A function is invoked",
    kind: ExplainKind.FUNCTION,
    parameter: "function",
    placeholder: "preuserinfo",
  },
  {
    value: "event",
    label: "An event is recorded",
    kind: ExplainKind.EVENT,
    parameter: "event",
    placeholder: "user.human.added",
  },
];

/** What the address asks. Undefined: nothing yet. */
export function subjectFrom(
  filters: Readonly<Record<"kind" | Happening["parameter"], string>>,
): ExplainSubject | undefined {
  const { value, parameter } = happeningOf(filters.kind);
  const name = filters[parameter];
  if (name === "") return undefined;
  return subjectOf(value, name);
}

/** What happens, by its word in the address. */
export function happeningOf(kind: string): Happening {
  return HAPPENINGS.find(({ value }) => value === kind) ?? HAPPENINGS[0];
}

/** A question about something by its name. */
export function subjectOf(kind: ConditionKind, name: string): ExplainSubject {
  if (kind === "function") return { kind, function: name };
  return kind === "event" ? { kind, event: name } : { kind, method: name };
}

/** The name of what is asked about. */
export function nameOf(subject: ExplainSubject): string {
  if ("method" in subject) return subject.method;
  return "function" in subject ? subject.function : subject.event;
}
