import { problemFrom } from "../api/problem.ts";

interface ErrorNoticeProps {
  /** What a query or a mutation failed with. */
  readonly error: unknown;
  /** Tries again. */
  readonly retry?: (() => unknown) | undefined;
}

/** An error of a call: what was wrong, what to do, the reason as docs/api.md has it, and a way to try again. */
export function ErrorNotice({ error, retry }: ErrorNoticeProps) {
  const { title, text, reason } = problemFrom(error);
  return (
    <div className="notice bad" role="alert">
      <strong>{title}</strong>
      <p>{text}</p>
      <p className="notice-end">
        {retry && (
          <button type="button" className="button" onClick={() => void retry()}>
            Try again
          </button>
        )}
        {reason !== undefined && <code>{reason}</code>}
      </p>
    </div>
  );
}
