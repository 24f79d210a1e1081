import type { ReactNode } from "react";

interface NoticeProps {
  readonly tone: "info" | "good" | "warn" | "bad";
  readonly title: string;
  readonly children?: ReactNode;
}

/** Something that one must know about what is below it. */
export function Notice({ tone, title, children }: NoticeProps) {
  return (
    <div className={`notice ${tone}`} role="status">
      <strong>{title}</strong>
      {children}
    </div>
  );
}
