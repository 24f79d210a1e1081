import { InterposeError } from "@interpose/engine";

/** What all calls of a gateway together hold of messages: those that are not whole yet, and those that are being looked at. */
export interface HeldBytes {
  change(by: number): void;
  /** Throws `gateway_busy` where more is held than may be. */
  refuseMore(): void;
}

/** A call is bounded by the size of a message; thousands of them at once are bounded by this, so that no number of clients makes the process a heap. */
export function createHeldBytes(max: number): HeldBytes {
  let held = 0;
  return {
    change: (by) => void (held += by),
    refuseMore() {
      if (held <= max) return;
      throw new InterposeError(
        "gateway_busy",
        "The gateway holds as many messages of other calls as it may (limits.maxHeldBytes). Try again shortly.",
      );
    },
  };
}
