import type { Exchange } from "@interpose/engine";

/** Calls that no run waits for: bounded in number, and waited for at the end. */
export interface BackgroundCalls {
  /** Makes one, or fails at once where there are too many. `ended` is told of its end, before whoever drains. Never rejects where `call` does not. */
  make(call: (signal: AbortSignal) => Promise<Exchange>, ended: (exchange: Exchange) => void): Promise<Exchange>;
  /** Waits until there are none, at most `timeoutMs`, then ends those that are left. */
  drain(timeoutMs: number): Promise<void>;
}

/** None, of at most so many at once. `onDropped` is told of each that was too many, with how many those were since the beginning. */
export function createBackgroundCalls(
  most: number,
  onDropped: (count: number) => void = () => undefined,
): BackgroundCalls {
  // Not a set of them: V8 lets what passes through one grow old.
  let running = 0;
  let dropped = 0;
  const whenNone: (() => void)[] = [];
  const end = new AbortController();
  return {
    async make(call, ended) {
      if (running >= most) {
        onDropped(++dropped);
        const detail = `${running} calls are waiting in the background already`;
        const exchange: Exchange = { kind: "failed", failure: "connect", detail, durationMs: 0 };
        ended(exchange);
        return exchange;
      }
      running++;
      const exchange = await call(end.signal);
      ended(exchange);
      running--;
      if (running === 0) for (const tell of whenNone.splice(0)) tell();
      return exchange;
    },
    async drain(timeoutMs) {
      const timer = setTimeout(() => end.abort(), timeoutMs);
      if (running > 0) await new Promise<void>((resolve) => whenNone.push(resolve));
      clearTimeout(timer);
    },
  };
}
