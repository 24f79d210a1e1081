import type { ReactNode } from "react";
import { CopyButton } from "./copy-button.tsx";

interface EmptyStateProps {
  readonly title: string;
  /** What it is that is not there, and what one would have of it. */
  readonly children: ReactNode;
  /** A button or link that makes the first one. */
  readonly action?: ReactNode;
  /** A command that does the same, ready to be copied. */
  readonly command?: string;
}

/** What stands where there is nothing yet: it teaches. */
export function EmptyState({ title, children, action, command }: EmptyStateProps) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      <p>{children}</p>
      {command !== undefined && (
        <div className="command">
          <code>{command}</code>
          <CopyButton text={command} what="the command" />
        </div>
      )}
      {action && <div className="actions">{action}</div>}
    </div>
  );
}
