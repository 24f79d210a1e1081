import { ExplainKind } from "@interpose/protocol/gen/interpose/v1/explain_service_pb";
import type { SampleSubject } from "@interpose/protocol/gen/interpose/v1/try_service_pb";

/** Kinds of subjects as an address has them. */
export type SubjectKind = "request" | "response" | "function" | "event";

/** What is tried, as an address has it. */
export interface SubjectFilters {
  readonly kind: string;
  readonly method: string;
  readonly function: string;
  readonly event: string;
}

/** What is tried, as requests have it. */
export type Subject = Pick<SampleSubject, "kind" | "method" | "function" | "event">;

interface KindWords {
  readonly value: SubjectKind;
  readonly label: string;
  readonly means: ExplainKind;
}

/** The kinds, for people. */
export const SUBJECT_KINDS: readonly [KindWords, ...KindWords[]] = [
  { value: "request", label: "Request of a method", means: ExplainKind.REQUEST },
  { value: "response", label: "Response of a method", means: ExplainKind.RESPONSE },
  { value: "function", label: "Function", means: ExplainKind.FUNCTION },
  { value: "event", label: "Event", means: ExplainKind.EVENT },
];

/** The kind of an address; that of requests where there is none. */
export function kindOf(value: string): SubjectKind {
  return SUBJECT_KINDS.find((each) => each.value === value)?.value ?? "request";
}

/** The parameter of an address that has the name for a kind. */
export function parameterOf(kind: SubjectKind): "method" | "function" | "event" {
  return kind === "function" || kind === "event" ? kind : "method";
}

/** Reads what an address has. Undefined: the name is not given yet. */
export function subjectFrom(filters: SubjectFilters): Subject | undefined {
  const kind = kindOf(filters.kind);
  const parameter = parameterOf(kind);
  const name = filters[parameter];
  if (name === "") return undefined;
  const { means } = SUBJECT_KINDS.find(({ value }) => value === kind) ?? SUBJECT_KINDS[0];
  return {
    kind: means,
    method: "",
    function: "",
    event: "",
    [parameter]: parameter === "method" ? `/${name.replace(/^\//, "")}` : name,
  };
}

/** What an address has for a subject. */
export function filtersFrom({ kind, method, function: name, event }: Subject): SubjectFilters {
  const value = SUBJECT_KINDS.find(({ means }) => means === kind)?.value ?? "request";
  return { kind: value, method, function: name, event };
}
