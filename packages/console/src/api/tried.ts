const KEY = "interpose.tried";

/** Remembers in this browser that somebody has sent a test call: the server keeps no record of those. */
export function markTried(): void {
  localStorage.setItem(KEY, "yes");
}

/** Whether a test call was sent from this browser. */
export function hasTried(): boolean {
  return localStorage.getItem(KEY) !== null;
}
