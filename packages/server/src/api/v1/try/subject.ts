import type { DescMethod } from "@bufbuild/protobuf";
import {
  InterposeError,
  methodScopeFromText,
  planForEvent,
  planForFunction,
  planForMethod,
  type Condition,
  type Plan,
  type Snapshot,
} from "@interpose/engine";
import { ExplainKind } from "@interpose/protocol/gen/interpose/v1/explain_service_pb";
import type { SampleSubject } from "@interpose/protocol/gen/interpose/v1/try_service_pb";
import { faultOfName } from "../../../events/names.ts";
import { NEVER_HOOKED } from "../../../hosts/never-hooked.ts";
import type { ApiContext } from "../../context.ts";

/** What a sample is of. */
export type Subject =
  | { readonly kind: "request" | "response"; readonly method: DescMethod; readonly name: string }
  | { readonly kind: "function"; readonly name: string }
  | { readonly kind: "event"; readonly type: string };

/** Reads it. Throws `condition_unknown` for a method that nobody serves. */
export function subjectFromProto(given: SampleSubject, api: Pick<ApiContext, "catalog">): Subject {
  switch (given.kind) {
    case ExplainKind.FUNCTION:
      return { kind: "function", name: given.function };
    case ExplainKind.EVENT:
      return { kind: "event", type: checkedType(given.event) };
    default: {
      const [method] = api.catalog().methodsNamed(given.method);
      if (method)
        return { kind: given.kind === ExplainKind.REQUEST ? "request" : "response", method, name: given.method };
      const text = `There is no method "${given.method.slice(0, 200)}" here. It has the form /package.Service/Method; ListExecutionMethods names those that are known.`;
      throw new InterposeError("condition_unknown", text);
    }
  }
}

function checkedType(type: string): string {
  const fault = faultOfName(type);
  if (fault === undefined) return type;
  throw new InterposeError("bad_request", `subject.event ${fault}`, {
    violations: [{ field: "subject.event", description: fault }],
  });
}

/** What would be called for it. Undefined: nothing hooks it. */
export function planOf(subject: Subject, snapshot: Snapshot): Plan | undefined {
  if (subject.kind === "function") return planForFunction(snapshot, subject.name);
  if (subject.kind === "event") return planForEvent(snapshot, subject.type);
  const service = subject.method.parent.typeName;
  if (NEVER_HOOKED.has(service)) return undefined;
  return planForMethod(snapshot, subject.kind, { full: subject.name, service });
}

/** The condition that is for it alone. */
export function conditionOf(subject: Subject): Condition {
  if (subject.kind === "function") return { kind: "function", name: subject.name };
  if (subject.kind === "event") return { kind: "event", match: { kind: "type", type: subject.type } };
  const scope = methodScopeFromText(subject.name);
  return { kind: subject.kind, scope: scope ? { kind: "method", ...scope } : { kind: "all" } };
}
