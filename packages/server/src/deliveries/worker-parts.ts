import type { DeliveryExchange, DeliveryRequest } from "@interpose/caller";
import type { Target, TargetId } from "@interpose/engine";
import type { RunChains } from "../hosts/run-chain.ts";
import type { Log } from "../observe/log.ts";
import type { Database } from "../store/database.ts";

/** What the worker needs to know of targets. */
export interface TargetSource {
  target(id: TargetId): Target | undefined;
  catchUp(revision: bigint): Promise<void>;
}

/** What a worker is put together from. */
export interface DeliveryWorkerParts {
  readonly database: Database;
  readonly instanceId: string;
  /** The targets as they are now. */
  readonly router: TargetSource;
  /** The way to targets. Never throws or rejects. */
  readonly deliver: (request: DeliveryRequest, signal: AbortSignal) => Promise<DeliveryExchange>;
  readonly chains: Pick<RunChains, "sign">;
  readonly log: Log;
}

/** Choices of a worker. */
export interface DeliveryWorkerOptions {
  /** Most attempts under way at once. Default: 256. */
  readonly maxInFlight: number;
  /** How long its queues stay its own when it is not heard of. Default: 10 seconds. */
  readonly leaseMs: number;
  /** How often it renews that. Default: 2 seconds. */
  readonly renewMs: number;
  /** How often it looks for what it was not told of. Default: 5 seconds. */
  readonly pollMs: number;
  /** How often it looks for what waits for nothing any more, though nobody saw that. Default: 60 seconds. */
  readonly sweepMs: number;
}

/** The defaults of a worker. */
export const DEFAULT_WORKER_OPTIONS: DeliveryWorkerOptions = {
  maxInFlight: 256,
  leaseMs: 10_000,
  renewMs: 2_000,
  pollMs: 5_000,
  sweepMs: 60_000,
};

/** What all parts of a worker share. */
export interface WorkerContext extends DeliveryWorkerParts, DeliveryWorkerOptions {
  /** Its id in the database, which says where it runs. */
  readonly workerId: string;
  /** Told of each statement that failed and is tried again. */
  readonly onError: (doing: string, error: unknown) => void;
}
