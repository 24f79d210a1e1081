import { EventEmitter, once } from "node:events";
import type { Call } from "../../src/call.ts";

/** A handler whose messages a test gives, when it likes. */
export interface Feed {
  readonly watch: (request: unknown, call: Call) => AsyncGenerator<object>;
  /** Streams that have begun, and those of them that have come to their end. */
  readonly begun: readonly AbortSignal[];
  readonly finished: () => number;
  /** Gives all streams a message. */
  push(text: string): void;
  /** Ends all streams, with an error or well. */
  end(error?: Error): void;
}

/** Nothing is given yet. */
export function createFeed(): Feed {
  const begun: AbortSignal[] = [];
  const given: { readonly text?: string; readonly error?: Error }[] = [];
  const events = new EventEmitter({ captureRejections: false }).setMaxListeners(0);
  let finished = 0;
  const give = (item: (typeof given)[number]): void => {
    given.push(item);
    events.emit("given");
  };
  return {
    begun,
    finished: () => finished,
    push: (text) => give({ text }),
    end: (error) => give(error ? { error } : {}),
    async *watch(_request, { signal }) {
      begun.push(signal);
      try {
        for (let i = 0; ; i++) {
          while (i >= given.length) await once(events, "given", { signal });
          const { text, error } = given[i] ?? {};
          if (error) throw error;
          if (text === undefined) return;
          yield { text, total: i + 1 };
        }
      } finally {
        finished++;
      }
    },
  };
}
