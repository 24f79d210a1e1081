import { useSyncExternalStore } from "react";

/** The header with which a call runs no executions. It takes the permission execution.bypass. */
export const BYPASS_HEADER = "interpose-bypass";

/** Reasons with which an execution on the API itself refuses a call. */
const OF_EXECUTIONS = /^(TARGET_(FAILED|UNAVAILABLE|TIMED_OUT|REPLY_INVALID|REFUSED)|RUN_(TIMED_OUT|TOO_DEEP))$/;

const listeners = new Set<() => void>();
let isOn = false;

/** Whether an execution stood in the way of a call, rather than the server. */
export function isOfExecution(reason: string | undefined): boolean {
  return reason !== undefined && OF_EXECUTIONS.test(reason);
}

/** Whether calls of this page go past executions. Nobody wants that for long: it is forgotten with the page. */
export function isBypassing(): boolean {
  return isOn;
}

/** The same, for components. */
export function useBypassing(): boolean {
  return useSyncExternalStore(subscribe, isBypassing);
}

/** Lets calls go past executions from now on, or no longer. */
export function setBypassing(next: boolean): void {
  isOn = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
