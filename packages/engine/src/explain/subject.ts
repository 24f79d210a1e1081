import type { Condition } from "../condition.ts";

/** What is explained: one method on its request or response, one function, or one type of events. */
export type ExplainedSubject =
  | { readonly kind: "request" | "response"; readonly service: string; readonly method: string }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "event"; readonly type: string };

/** The condition that names a subject exactly. */
export function conditionOfSubject(subject: ExplainedSubject): Condition {
  switch (subject.kind) {
    case "request":
    case "response":
      return { kind: subject.kind, scope: { kind: "method", service: subject.service, method: subject.method } };
    case "function":
      return { kind: "function", name: subject.name };
    case "event":
      return { kind: "event", match: { kind: "type", type: subject.type } };
  }
}

/** A subject as a sentence names it, such as `requests of acme.v1.Users/Add`. */
export function subjectInWords(subject: ExplainedSubject): string {
  switch (subject.kind) {
    case "request":
    case "response":
      return `${subject.kind}s of ${subject.service}/${subject.method}`;
    case "function":
      return `the function ${subject.name}`;
    case "event":
      return `events of the type ${subject.type}`;
  }
}
