import { createContext, useCallback, useContext, useEffect, useState, type ReactNode } from "react";

/** Something that has happened. */
export interface ToastContent {
  readonly text: string;
  /** Takes it back. Where it is given, the toast stays for longer. */
  readonly undo?: () => void;
}

const SHOWN_MS = 5_000;
const SHOWN_WITH_UNDO_MS = 12_000;
const ToastContext = createContext<(toast: ToastContent) => void>(() => undefined);

/** A function that shows a toast, in place of the one before. */
export function useToast(): (toast: ToastContent) => void {
  return useContext(ToastContext);
}

/** Shows toasts at the edge of the window; screen readers are told of them. */
export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [toast, setToast] = useState<ToastContent>();
  const show = useCallback((next: ToastContent) => setToast(next), []);
  useEffect(() => {
    if (!toast) return;
    const timer = setTimeout(() => setToast(undefined), toast.undo ? SHOWN_WITH_UNDO_MS : SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast]);
  return (
    <ToastContext value={show}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toast && (
          <div className="toast">
            <span>{toast.text}</span>
            {toast.undo && (
              <button
                type="button"
                className="button small"
                onClick={() => {
                  toast.undo?.();
                  setToast(undefined);
                }}
              >
                Undo
              </button>
            )}
            <button
              type="button"
              className="button small quiet"
              onClick={() => setToast(undefined)}
              aria-label="Close the message"
            >
              ✕
            </button>
          </div>
        )}
      </div>
    </ToastContext>
  );
}
