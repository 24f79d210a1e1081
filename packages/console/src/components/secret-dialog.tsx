import type { ReactNode } from "react";
import { CopyButton } from "./copy-button.tsx";
import { Dialog } from "./dialog.tsx";

interface SecretDialogProps {
  readonly title: string;
  /** The text that is shown this once. */
  readonly secret: string;
  /** What it is, such as "the token". */
  readonly what: string;
  /** What it is for. */
  readonly children: ReactNode;
  readonly onClose: () => void;
}

/** Shows a secret that can never be read again. */
export function SecretDialog({ title, secret, what, children, onClose }: SecretDialogProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <div className="command">
        <code className="secret">{secret}</code>
        <CopyButton text={secret} what={what} />
      </div>
      <p className="hint">It is shown this once, and cannot be read again. Keep it before you close this.</p>
      <div className="dialog-end">
        <button type="button" className="button primary" onClick={onClose}>
          I have kept it
        </button>
      </div>
    </Dialog>
  );
}
