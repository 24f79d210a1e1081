/** One that is called when a signal is aborted, among others of the same signal. */
interface Waiting {
  listener: (() => void) | undefined;
  previous: Waiting | undefined;
  next: Waiting | undefined;
}

/** A ring: its head is nobody, and stands before the first and after the last. */
const ringOf = new WeakMap<AbortSignal, Waiting>();

/**
 * Calls a listener when a signal is aborted, unless what it answers is called before.
 *
 * For a signal that outlives many calls: Node keeps listeners as a list, which is gone through for each that comes, and one that was taken off goes on pointing to the next. Once such a one
 * is old, all that come after it become old as well, dead as they are, with whatever they hold: 4 KB for each delivery. A `Set` is no better, for each table that it outgrows points to the next.
 */
export function whenAborted(signal: AbortSignal, listener: () => void): () => void {
  const head = ringOf.get(signal) ?? beginListening(signal);
  const waiting: Waiting = { listener, previous: head.previous, next: head };
  if (head.previous) head.previous.next = waiting;
  head.previous = waiting;
  return () => leave(waiting);
}

/** Whoever left points to nobody. */
function leave(waiting: Waiting): void {
  const { previous, next } = waiting;
  if (previous) previous.next = next;
  if (next) next.previous = previous;
  waiting.listener = waiting.previous = waiting.next = undefined;
}

/** The one listener stays for as long as the signal. */
function beginListening(signal: AbortSignal): Waiting {
  const head: Waiting = { listener: undefined, previous: undefined, next: undefined };
  head.previous = head.next = head;
  ringOf.set(signal, head);
  const callAll = (): void => {
    for (let waiting = head.next; waiting && waiting !== head; waiting = head.next) {
      const { listener } = waiting;
      leave(waiting);
      listener?.();
    }
  };
  signal.addEventListener("abort", callAll, { once: true });
  return head;
}
