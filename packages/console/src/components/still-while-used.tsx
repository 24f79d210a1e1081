import type { ReactNode } from "react";

/** Tells whether somebody points at what is in it, or has the focus there: then it should not move. */
export function StillWhileUsed({
  name,
  onUse,
  children,
}: {
  /** Class of the list, which has the widths of its columns. */
  readonly name: string;
  readonly onUse: (isUsed: boolean) => void;
  readonly children: ReactNode;
}) {
  return (
    <div
      className={`live-list ${name}`}
      onPointerEnter={({ pointerType }) => pointerType === "mouse" && onUse(true)}
      onPointerLeave={({ currentTarget }) => onUse(currentTarget.contains(document.activeElement))}
      onFocus={() => onUse(true)}
      onBlur={({ currentTarget, relatedTarget }) => onUse(currentTarget.contains(relatedTarget))}
    >
      {children}
    </div>
  );
}
