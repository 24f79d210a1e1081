import {
  compileSnapshot,
  conditionId,
  type Execution,
  type PlanSources,
  type Snapshot,
  type Target,
  type TargetId,
} from "@interpose/engine";
import type { Database } from "../store/database.ts";
import { loadChanges } from "../store/sql/load-changes.ts";
import type { LoadedKeys } from "../store/sql/load-keys.ts";
import { loadSnapshot } from "../store/sql/load-snapshot.ts";

/** Channel on which each commit of a change of targets or executions is told, with the instance's id. */
const CHANGES_CHANNEL = "interpose_changes";

/** Choices of a live router. */
export interface LiveRouterOptions {
  /** How often the revision is checked, should a notification have been lost. */
  readonly pollMs: number;
  /** Told when the store could not be read; the router goes on with what it knows, and tries again. */
  readonly onError: (error: unknown) => void;
  /** Told of keys when they were loaded: of all, then of those of changed targets, each time before the snapshot that they belong to is in force. */
  readonly onKeys?: (keys: LoadedKeys) => void;
}

/** The current snapshot of one instance's executions on this node. */
export interface LiveRouter {
  /** The snapshot in force. Reading it costs nothing, and it never changes: a change puts another one in its place. */
  current(): Snapshot;
  /** What the snapshot in force was compiled of, with it. It changes with the next one: for use before the caller next waits for anything. */
  sources(): PlanSources & { readonly snapshot: Snapshot };
  /** A target as it is now. Undefined: there is none, as far as this node knows. */
  target(id: TargetId): Target | undefined;
  /** Waits until the snapshot is at least as new as `revision`. */
  catchUp(revision: bigint): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Keeps a snapshot equal to the store. States: *current*, until a notification, the poll or a commit of this node says that there may
 * be something newer; *loading*, while the changes since its revision are read and compiled into the next one. Loads never overlap:
 * whoever asks during one waits for the next, which then serves all who wait.
 */
export async function startLiveRouter(
  database: Database,
  instanceId: string,
  options: LiveRouterOptions,
): Promise<LiveRouter> {
  const loaded = await loadSnapshot(database, instanceId);
  const targets = new Map<string, Target>(loaded.targets.map((target) => [target.id, target]));
  const executions = new Map<string, Execution>(loaded.executions.map((execution) => [execution.id, execution]));
  options.onKeys?.(loaded.keys);
  let snapshot = compileSnapshot({ targets, executions, revision: loaded.revision });
  let running: Promise<void> | undefined;
  let queued: Promise<void> | undefined;

  async function load(): Promise<void> {
    const changes = await loadChanges(database, instanceId, snapshot.revision);
    if (changes.revision === snapshot.revision) return;
    if (changes.keys) options.onKeys?.(changes.keys);
    for (const id of changes.removedTargetIds) targets.delete(id);
    for (const target of changes.targets) targets.set(target.id, target);
    for (const id of changes.removedExecutionIds) executions.delete(id);
    for (const execution of changes.executions) executions.set(conditionId(execution.condition), execution);
    snapshot = compileSnapshot({ targets, executions, revision: changes.revision });
  }

  /** A load that begins after this call, so that it sees what was committed before it. */
  function reload(): Promise<void> {
    if (!running) {
      running = load().finally(() => (running = undefined));
      return running;
    }
    queued ??= running
      .catch(() => undefined)
      .then(() => {
        queued = undefined;
        return reload();
      });
    return queued;
  }

  const reloadOrTell = (): void => void reload().catch(options.onError);
  const poll = setInterval(reloadOrTell, options.pollMs);
  poll.unref();
  const listening = await database.listen(
    CHANGES_CHANNEL,
    (payload) => {
      if (payload === instanceId) reloadOrTell();
    },
    reloadOrTell,
  );
  // What was committed between the first load and now was told to nobody here.
  await reload().catch(options.onError);

  return {
    current: () => snapshot,
    sources: () => ({ snapshot, targets, executions }),
    target: (id) => targets.get(id),
    async catchUp(revision) {
      if (snapshot.revision < revision) await reload();
    },
    async stop() {
      clearInterval(poll);
      await listening.stop();
      await (queued ?? running)?.catch(() => undefined);
    },
  };
}
