import { acquireQueues } from "../store/sql/acquire-queues.ts";
import { announceWorker } from "../store/sql/announce-worker.ts";
import { deleteWorker } from "../store/sql/delete-worker.ts";
import type { StoredQueue } from "../store/sql/queue-row.ts";
import { releaseQueues } from "../store/sql/release-queues.ts";
import { renewWorker } from "../store/sql/renew-worker.ts";
import { selectQueues } from "../store/sql/select-queues.ts";
import type { OwnedQueue } from "./queue.ts";
import type { Schedule } from "./schedule.ts";
import type { WorkerContext } from "./worker-parts.ts";

/** Rounds that others ask for follow each other no faster. */
const LEAST_BETWEEN_ROUNDS_MS = 100;
/** After this part of a lease without news, a worker takes it for lost: others may, at its end, by a clock that is not this one's. */
const TRUSTED_PART = 2 / 3;

/** Told of what comes and goes. */
export interface OwnershipEvents {
  readonly onAcquired: (rows: readonly StoredQueue[]) => void;
  readonly onLost: (queues: readonly OwnedQueue[]) => void;
}

/** Which queues are this worker's. */
export interface Ownership {
  /** Begins the lease and takes what is free. */
  start(): Promise<void>;
  /** Whether this worker can rely on its lease. */
  holdsLease(): boolean;
  /** Looks anew who is there and what there is to share, soon. */
  look(): void;
  /** A target was named that has something due and is not of this worker: its queue may be free. */
  heardOf(targetId: string): void;
  /** Gives up everything at once. */
  end(): Promise<void>;
}

/**
 * Keeps a lease, and with it this worker's part of all queues. A worker is *living* while its lease is renewed; *doubtful* when it could not be for two thirds of it,
 * by a clock that never goes back: then it has no queues, though it writes what its attempts came to. A queue is free when its owner is not living.
 */
export function createOwnership(
  context: WorkerContext,
  name: string,
  schedule: Schedule,
  { onAcquired, onLost }: OwnershipEvents,
): Ownership {
  const { database, workerId, instanceId, leaseMs, renewMs, log, onError } = context;
  const identity = { id: workerId, instanceId, name };
  let renewedAt = Number.NEGATIVE_INFINITY;
  let stopped = false;
  let running: Promise<void> | undefined;
  let again: NodeJS.Timeout | undefined;
  let endedAt = 0;
  let heartbeat: NodeJS.Timeout | undefined;
  /** Queues that were free to nobody when they were last asked for. */
  const others = new Set<string>();

  const holdsLease = (): boolean => performance.now() - renewedAt < leaseMs * TRUSTED_PART;

  async function round(): Promise<void> {
    if (!holdsLease() && schedule.size() > 0) {
      const lost = [...schedule.all()];
      log("worker.lease_lost", { worker: workerId, queues: lost.length });
      onLost(lost);
    }
    const began = performance.now();
    const { workers, queues, owned } = await renewWorker(database, identity, leaseMs);
    renewedAt = began;
    if (owned !== schedule.size()) await reconcile();
    const share = Math.ceil(queues / workers);
    const leaving = [...schedule.all()].filter(({ isLeaving }) => isLeaving);
    const staying = schedule.size() - leaving.length;
    if (staying < share) {
      for (const queue of leaving.splice(0, share - staying)) {
        queue.isLeaving = false;
        schedule.wake(queue);
      }
      const acquired = await acquireQueues(database, workerId, instanceId, share - (schedule.size() - leaving.length));
      if (acquired.length > 0) {
        log("worker.queues_acquired", { worker: workerId, queues: acquired.length });
        onAcquired(acquired);
      }
    } else if (staying > share) {
      const surplus = [...schedule.all()].filter((queue) => !queue.isLeaving);
      surplus.sort((a, b) => a.held.size - b.held.size);
      for (const queue of surplus.slice(0, staying - share)) queue.isLeaving = true;
    }
    await releaseIdle();
  }

  /** Where the database does not say what this worker thinks, the database is right. */
  async function reconcile(): Promise<void> {
    const rows = await selectQueues(database, workerId, instanceId);
    const ids = new Set(rows.map(({ targetId }) => targetId));
    onLost([...schedule.all()].filter(({ targetId }) => !ids.has(targetId)));
    onAcquired(rows.filter(({ targetId }) => !schedule.get(targetId)));
  }

  async function releaseIdle(): Promise<void> {
    const idle = [...schedule.all()].filter((queue) => queue.isLeaving && queue.isFree());
    if (idle.length === 0) return;
    onLost(idle);
    const ids = idle.map(({ targetId }) => targetId);
    for (const id of ids) others.add(id);
    await releaseQueues(database, workerId, instanceId, ids);
    log("worker.queues_released", { worker: workerId, queues: ids.length });
  }

  function look(): void {
    if (stopped || again) return;
    const wait = running ? LEAST_BETWEEN_ROUNDS_MS : Math.max(0, endedAt + LEAST_BETWEEN_ROUNDS_MS - performance.now());
    if (wait === 0) {
      begin();
      return;
    }
    again = setTimeout(() => {
      again = undefined;
      if (running) look();
      else begin();
    }, wait);
    again.unref();
  }
  function begin(): void {
    if (running || stopped) return;
    running = round()
      .catch((error: unknown) => onError("renewing the worker's lease", error))
      .finally(() => {
        running = undefined;
        endedAt = performance.now();
      });
  }

  return {
    async start() {
      await round();
      await announceWorker(database);
      heartbeat = setInterval(() => {
        others.clear();
        begin();
      }, renewMs);
      heartbeat.unref();
    },
    holdsLease,
    look,
    heardOf(targetId) {
      if (others.has(targetId)) return;
      others.add(targetId);
      look();
    },
    async end() {
      stopped = true;
      clearInterval(heartbeat);
      clearTimeout(again);
      await running;
      await deleteWorker(database, workerId, instanceId);
    },
  };
}
