import { useQuery } from "@connectrpc/connect-query";
import { ActionService } from "@interpose/protocol/gen/zitadel/action/v2/action_service_pb";
import type { Execution } from "@interpose/protocol/gen/zitadel/action/v2/execution_pb";
import { Link } from "wouter";
import { EmptyState } from "../../components/empty-state.tsx";
import type { SubjectFilters } from "./subject.ts";

/** Most of what is hooked that is offered. */
const MAX_OFFERED = 12;

/** What stands while nothing is chosen: what is hooked and can be tried at once; for newcomers, what to do. */
export function Hooked({ target }: { readonly target: string }) {
  const { data } = useQuery(ActionService.method.listExecutions, { pagination: { offset: 0n, limit: 200, asc: true } });
  if (!data) return null;
  const offered = data.executions
    .filter(({ targets }) => target === "" || targets.includes(target))
    .flatMap((execution) => hookedBy(execution) ?? [])
    .slice(0, MAX_OFFERED);
  if (offered.length === 0)
    return (
      <EmptyState
        title="What would happen, if …"
        action={
          <Link href="/executions" className="button">
            Go to the executions
          </Link>
        }
      >
        Choose above what happens: any method that is known here, a function or an event. A sample of it is made from
        its description, which you can edit and send: to one target, whether or not anything calls it yet, or to all
        that an execution calls.
      </EmptyState>
    );
  return (
    <div className="stack">
      <p className="hint">Choose above what happens, or take something that is hooked:</p>
      <ul className="plain-list">
        {offered.map(({ kind, name, filters }) => (
          <li key={`${kind} ${name}`}>
            <Link
              href={`/try?${new URLSearchParams({ kind, ...filters, ...(target !== "" && { target }) }).toString()}`}
            >
              {kind} <code>{name}</code>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface HookedSubject {
  readonly kind: string;
  readonly name: string;
  readonly filters: Partial<SubjectFilters>;
}

/** What an execution is for, where that is one method, function or type of events alone. */
function hookedBy({ condition }: Execution): HookedSubject | undefined {
  const type = condition?.conditionType;
  switch (type?.case) {
    case "request":
    case "response": {
      const { condition: of } = type.value;
      return of.case === "method" ? { kind: type.case, name: of.value, filters: { method: of.value } } : undefined;
    }
    case "function":
      return { kind: type.case, name: type.value.name, filters: { function: type.value.name } };
    case "event": {
      const { condition: of } = type.value;
      return of.case === "event" ? { kind: type.case, name: of.value, filters: { event: of.value } } : undefined;
    }
    case undefined:
      return undefined;
  }
}
