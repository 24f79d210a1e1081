import { useEffect, useState } from "react";
import type { AroundNavHandler } from "wouter";
import { Dialog } from "./dialog.tsx";

/** Asks before what is not saved is left. Undefined: there is nothing like that on the page. */
let ask: ((leave: () => void) => void) | undefined;

/**
 * For the router: every way to another page of the console leads by here. What takes the place of an address is no step of somebody: a filter that changes, or
 * the way out of what was deleted.
 */
export const guardedNavigation: AroundNavHandler = (navigate, to, options) => {
  if (ask && options?.replace !== true) ask(() => navigate(to, options));
  else navigate(to, options);
};

/** While it is rendered, asks before the page is left: by a link of the console, or by closing or reloading it. The browser's way back is not asked about. */
export function LeaveGuard({ what }: { readonly what: string }) {
  const [leave, setLeave] = useState<() => void>();
  useEffect(() => {
    ask = (go) => setLeave(() => go);
    const onUnload = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener("beforeunload", onUnload);
    return () => {
      ask = undefined;
      removeEventListener("beforeunload", onUnload);
    };
  }, []);
  if (!leave) return null;
  return (
    <Dialog title="Leave without saving?" onClose={() => setLeave(undefined)}>
      <p>What you changed of {what} is not saved, and would be gone.</p>
      <div className="dialog-end">
        <button type="button" className="button" onClick={() => setLeave(undefined)}>
          Stay here
        </button>
        <button type="button" className="button danger" onClick={leave}>
          Leave
        </button>
      </div>
    </Dialog>
  );
}
