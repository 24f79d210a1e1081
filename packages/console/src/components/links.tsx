import { Link } from "wouter";

/** What the page Explain is asked about. */
export type ExplainSubject =
  | { readonly kind: "request" | "response"; readonly method: string }
  | { readonly kind: "function"; readonly function: string }
  | { readonly kind: "event"; readonly event: string };

/** Address of the page that explains what would be called. */
export function explainHref(subject: ExplainSubject): string {
  return `/explain?${new URLSearchParams({ ...subject }).toString()}`;
}

/** Address of the page of an execution. Its id has slashes, which stay one segment. */
export function executionHref(id: string): string {
  return `/executions/${encodeURIComponent(id)}`;
}

/** A link to an execution, by its id. */
export function ExecutionLink({ id }: { readonly id: string }) {
  return (
    <Link href={executionHref(id)}>
      <code>{id}</code>
    </Link>
  );
}

/** A link to a target; where it is gone, what it was. */
export function TargetLink({ id, name }: { readonly id: string; readonly name: string }) {
  if (name === "") return <span className="hint">{id} (gone)</span>;
  return <Link href={`/targets/${id}`}>{name}</Link>;
}
