import { isBypassing, isOfExecution, setBypassing } from "../api/bypass.ts";
import { problemFrom } from "../api/problem.ts";
import { queryClient } from "../api/query-client.ts";

interface ErrorNoticeProps {
  /** What a query or a mutation failed with. */
  readonly error: unknown;
  /** Tries again. */
  readonly retry?: (() => unknown) | undefined;
}

/**
 * An error of a call: what was wrong, what to do, the reason as docs/api.md has it, and a way to try again. Where an execution on the server's own API refused the call, there is a way past it too: else
 * one whose target fails could not be mended here.
 */
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
        {isOfExecution(reason) && !isBypassing() && (
          <button
            type="button"
            className="button"
            onClick={() => {
              setBypassing(true);
              void (retry ? retry() : queryClient.invalidateQueries());
            }}
          >
            Go past executions
          </button>
        )}
        {reason !== undefined && <code>{reason}</code>}
      </p>
    </div>
  );
}
