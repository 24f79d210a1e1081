import { InterposeError } from "@interpose/engine";
import { changes, NO_DESCRIPTORS, type Descriptors, type MethodChanges } from "./descriptors.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { loadDescriptors, type DescriptorSource, type LoadOptions } from "./load.ts";

// The states of a watch: it waits for its timer; it looks or loads (`running`), one after the other, whoever asks for it; it is stopped. A load that fails
// leaves the descriptors as they were, and is told once; the next that works ends the failure.

/** What a reload changed. */
export interface DescriptorsChange {
  readonly before: Descriptors;
  readonly after: Descriptors;
  readonly methods: MethodChanges;
}

/** How a source is watched. */
export interface WatchOptions extends LoadOptions {
  /** Told after a load that found something else than the one before; not for the first. */
  onChange(change: DescriptorsChange): void;
  /** Told when a load failed: once, until another one fails differently, or works. What was known stays. */
  onFailure(error: InterposeError): void;
  /** Time between two looks at a file or folder (default: 1 second), or between two questions to a server (default: 1 minute). */
  readonly intervalMs?: number;
  /** Time after which a server that could not be asked is asked again. Default: 5 seconds, or the interval if that is shorter. */
  readonly retryMs?: number;
  /** Whether to begin with nothing when the first load fails, which then goes to `onFailure`. Default: false, and it is thrown. */
  readonly mayBeginEmpty?: boolean;
}

/** Descriptors that follow their source. */
export interface DescriptorWatch {
  current(): Descriptors;
  /** Why the last load failed. Undefined: it did not. */
  failure(): InterposeError | undefined;
  /** Loads now, after what is under way, and answers why that failed, if it did. */
  reload(): Promise<InterposeError | undefined>;
  /** Gives up what is under way, and waits until it has ended. */
  stop(): Promise<void>;
}

const PATH_INTERVAL_MS = 1_000;
const SERVER_INTERVAL_MS = 60_000;
const RETRY_MS = 5_000;
/** A file that changed is loaded when it did not change again for so long: who writes it may not be done. */
const SETTLE_MS = 100;

/** Loads descriptors, and goes on loading them when their source changes, until it is stopped. */
export async function watchDescriptors(source: DescriptorSource, options: WatchOptions): Promise<DescriptorWatch> {
  const intervalMs = options.intervalMs ?? (source.kind === "path" ? PATH_INTERVAL_MS : SERVER_INTERVAL_MS);
  const retryMs = Math.min(options.retryMs ?? RETRY_MS, intervalMs);
  const maxFiles = options.limits?.maxFiles ?? DEFAULT_LIMITS.maxFiles;
  const stopping = new AbortController();
  const signal = AbortSignal.any([stopping.signal, ...(options.signal ? [options.signal] : [])]);
  let current = NO_DESCRIPTORS;
  let failure: InterposeError | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  /** The state of the file or folder that was loaded, or that was tried in vain. */
  let loaded: string | undefined;
  /** The state that the last look found. */
  let seen: string | undefined;

  const first = await load(await fingerprint());
  if (first && options.mayBeginEmpty !== true) throw first;
  if (first) options.onFailure(first);
  schedule(delayAfter(first));
  return {
    current: () => current,
    failure: () => failure,
    reload: () => inTurn(async () => tell(await fingerprint())),
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
    },
  };

  /** Runs work after what is under way. */
  function inTurn<T>(work: () => Promise<T>): Promise<T | undefined> {
    const turn = running.then(() => (signal.aborted ? undefined : work()));
    running = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  function schedule(delayMs: number): void {
    if (signal.aborted) return;
    timer = setTimeout(() => void inTurn(look).then((delay) => schedule(delay ?? intervalMs)), delayMs);
  }

  function delayAfter(error: InterposeError | undefined): number {
    return error && source.kind === "reflection" ? retryMs : intervalMs;
  }

  /** Looks whether there is something to load, and answers when to look again. */
  async function look(): Promise<number> {
    if (source.kind === "reflection") return delayAfter(await tell(undefined));
    const found = await fingerprint();
    const hasSettled = found === seen;
    seen = found;
    if (found === loaded) return intervalMs;
    if (!hasSettled) return Math.min(SETTLE_MS, intervalMs);
    await tell(found);
    return intervalMs;
  }

  async function fingerprint(): Promise<string | undefined> {
    return source.kind === "path" ? fingerprintOf(source.path, maxFiles) : undefined;
  }

  /** Loads, and tells what came of it. */
  async function tell(found: string | undefined): Promise<InterposeError | undefined> {
    const before = current;
    const failedBefore = failure?.message;
    const error = await load(found);
    if (signal.aborted) return error;
    if (error && error.message !== failedBefore) options.onFailure(error);
    if (current !== before) options.onChange({ before, after: current, methods: changes(before, current) });
    return error;
  }

  async function load(found: string | undefined): Promise<InterposeError | undefined> {
    try {
      const next = await loadDescriptors(source, { ...options, signal });
      if (next.digest !== current.digest || next.problems.join("\n") !== current.problems.join("\n")) current = next;
      failure = undefined;
      loaded = found;
    } catch (error) {
      if (!(error instanceof InterposeError)) throw error;
      failure = error;
      // What could not be read is tried again at the next look, what was read and is wrong only when it changes.
      loaded = error.reason === "descriptors_invalid" ? found : undefined;
    }
    return failure;
  }
}
