import type { Interceptor } from "../relay/interceptor.ts";

/** What is done with a call once it is decided about. */
export interface Admission {
  /** Resolves where the call may go on. */
  readonly decided: Promise<unknown>;
  readonly admit: () => Interceptor;
  readonly refuse: (error: unknown) => Interceptor;
}

/**
 * Holds a call until it is decided whether it may go on: before that, its upstream hears nothing of it. What comes of the request meanwhile is kept, and
 * bounded by the client's window, since nobody gives credit for it.
 */
export function admitFirst({ decided, admit, refuse }: Admission): Interceptor {
  let inner: Interceptor | undefined;
  let isClosed = false;
  let held: ((interceptor: Interceptor) => void)[] = [];

  function goOn(interceptor: () => Interceptor): void {
    if (isClosed) return;
    inner = interceptor();
    const events = held;
    held = [];
    for (const tell of events) tell(inner);
  }
  decided.then(
    () => goOn(admit),
    (error: unknown) => goOn(() => refuse(error)),
  );

  return {
    requestData(bytes, start, end) {
      if (inner) {
        inner.requestData(bytes, start, end);
        return;
      }
      const kept = Buffer.from(bytes.subarray(start, end));
      held.push((interceptor) => interceptor.requestData(kept, 0, kept.byteLength));
    },
    requestEnd(trailers) {
      if (inner) inner.requestEnd(trailers);
      else held.push((interceptor) => interceptor.requestEnd(trailers));
    },
    // All of these come of a call that has begun.
    requestSent: (bytes) => inner?.requestSent(bytes),
    responseHead: (block, endStream) => inner?.responseHead(block, endStream),
    responseData: (bytes, start, end) => inner?.responseData(bytes, start, end),
    responseEnd: (trailers) => inner?.responseEnd(trailers),
    responseSent: (bytes) => inner?.responseSent(bytes),
    requestUnwanted: () => inner?.requestUnwanted(),
    upstreamReset: (...told) => inner?.upstreamReset(...told) ?? false,
    closed() {
      isClosed = true;
      held = [];
      inner?.closed();
    },
  };
}
