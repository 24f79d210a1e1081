import { Link } from "wouter";
import { conditionId, subjectOfCondition, type ConditionParts } from "../../components/condition.ts";
import { explainHref } from "../../components/links.tsx";

/** Ways to see what an execution does: explained, tried, and as it happens. */
export function WatchLinks({ condition }: { readonly condition: ConditionParts }) {
  const subject = subjectOfCondition(condition);
  return (
    <>
      {subject && (
        <>
          <Link href={explainHref(subject)} className="button">
            Explain
          </Link>
          <Link href={`/try?${new URLSearchParams({ ...subject }).toString()}`} className="button">
            Try
          </Link>
        </>
      )}
      {condition.kind === "event" ? (
        <Link href="/deliveries" className="button">
          Watch deliveries
        </Link>
      ) : (
        <Link
          href={`/runs?${new URLSearchParams({ execution: conditionId(condition) }).toString()}`}
          className="button"
        >
          Watch runs
        </Link>
      )}
    </>
  );
}
