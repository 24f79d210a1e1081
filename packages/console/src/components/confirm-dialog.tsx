import type { ReactNode } from "react";
import { Dialog } from "./dialog.tsx";
import { ErrorNotice } from "./error-notice.tsx";

interface ConfirmDialogProps {
  readonly title: string;
  /** What will be gone, and what that means. */
  readonly children: ReactNode;
  /** What is done, as the button says it: "Delete the target". */
  readonly action: string;
  readonly isBusy: boolean;
  /** What it failed with, when it did. */
  readonly error: Error | null;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks before something is destroyed. The way back stands first, and has the focus. */
export function ConfirmDialog({ title, children, action, isBusy, error, onConfirm, onClose }: ConfirmDialogProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {error !== null && <ErrorNotice error={error} />}
      <div className="dialog-end">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="button danger" disabled={isBusy} onClick={onConfirm}>
          {action}
        </button>
      </div>
    </Dialog>
  );
}
