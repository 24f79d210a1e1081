import type { KeyContext } from "../commands/context.ts";
import { ensureInstanceKey, rotateInstanceKey } from "../commands/instance-keys.ts";
import { needsInstanceKey } from "../store/sql/needs-instance-key.ts";

/** How often it is looked whether the instance's key is old. */
const EVERY_MS = 3_600_000;

/** Looks after the instance's key in the background. */
export interface KeyRotation {
  stop(): Promise<void>;
}

/** What the rotation is told. */
export interface KeyRotationOptions {
  /** Age at which the instance's key is replaced, in milliseconds. 0: never. */
  readonly rotateAfterMs: number;
  /** Told of what failed. It is tried again at the next look. */
  readonly onError: (error: unknown) => void;
  /** Between two looks. Default: an hour. */
  readonly everyMs?: number;
}

/** Makes the instance's key where targets need one and there is none, and replaces it when it is old, on whichever server looks first. Looks once at once. */
export function startKeyRotation(context: KeyContext, options: KeyRotationOptions): KeyRotation {
  const { rotateAfterMs, onError, everyMs = EVERY_MS } = options;
  let looking: Promise<void> = Promise.resolve();
  const look = (): void => {
    looking = looking.then(async () => {
      try {
        if (await needsInstanceKey(context.database, context.instanceId)) await ensureInstanceKey(context);
        if (rotateAfterMs > 0) await rotateInstanceKey(context, rotateAfterMs);
      } catch (error) {
        onError(error);
      }
    });
  };
  look();
  const timer = setInterval(look, everyMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}
