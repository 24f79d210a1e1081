import type { FifoBy, PlannedDelivery } from "@interpose/engine";

/** An event to append. */
export interface EventToAppend {
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly type: string;
  /** User id of who caused it. */
  readonly creator: string;
  /** A JSON object, as text. */
  readonly payload: string;
  /** To whom the aggregate belongs. Default: to the instance. */
  readonly resourceOwner?: string | undefined;
  /** Version of the payload's form. Default: `v1`. */
  readonly version?: string | undefined;
  /** How many runs and deliveries led to it. Default: 0. */
  readonly depth?: number | undefined;
  /** Under which a repetition is known. */
  readonly idempotencyKey?: string | undefined;
  /** What is delivered of it. Absent: nothing. */
  readonly deliveries?: EventDeliveries | undefined;
}

/** The deliveries that an event causes. */
export interface EventDeliveries {
  /** Events that match the same execution share the object, and it is sent once. */
  readonly plan: DeliveryPlan;
  /** By which they follow others of the same target. */
  readonly fifoKey?: string | undefined;
  /** Why nothing of it is to be attempted: they are dead letters from the start. */
  readonly deadBecause?: string | undefined;
}

/** What an execution makes of each of its events. */
export interface DeliveryPlan {
  readonly executionId: string;
  readonly deliveries: readonly PlannedDelivery[];
  /** What the deliveries' keys are made of. Undefined: they have none. */
  readonly fifoBy?: FifoBy | undefined;
}

/** Where an event came to stand. */
export interface AppendedEvent {
  /** Place within its aggregate, from 1, without gaps. */
  readonly sequence: bigint;
  /** Place within the whole log. It grows, with gaps. */
  readonly position: bigint;
  readonly createdAt: Date;
  /** Whether it was there, under its idempotency key. */
  readonly repeated: boolean;
}

/** An event that was appended, or was there, with what was claimed of it. */
export interface AppendedWithClaims extends AppendedEvent {
  /** Absent: nothing was claimed from the start. */
  readonly claimed?: ClaimedFromTheStart | undefined;
}

/** Which deliveries are claimed from the start, and for whom: as far as the queue is that worker's, and not paused. */
export interface ClaimFromTheStart {
  readonly workerId: string;
  /** Their places in the plan of the one event that is appended. */
  readonly places: ReadonlySet<number>;
}

/** The deliveries of an event that were claimed from the start. */
export interface ClaimedFromTheStart {
  /** Their ids, by their places. */
  readonly ids: ReadonlyMap<number, bigint>;
  /** The event's payload: JSON, as the database writes it. */
  readonly payload: string;
}

/** What the statement is told beside the events. */
export interface AppendOptions {
  readonly instanceId: string;
  /** Revision of the executions that the deliveries were planned by. */
  readonly revision: bigint;
  /** Whether types that are not known yet become known. */
  readonly learnTypes: boolean;
  /**
   * Whether the caller tells the owners of the queues, once this is committed. Default: false, they are told by the commit. Commits that tell wait for each other in PostgreSQL,
   * each until the one before is on the disk.
   */
  readonly tellsOwners?: boolean;
  /** For one event alone, whose deliveries have no keys and are no dead letters. */
  readonly claim?: ClaimFromTheStart | undefined;
}

/** What an appending statement answers of an event: that it was appended, or was there. */
export interface AppendedRow extends AppendedWithClaims {
  /** Place among the given events, from 1. */
  readonly nth: bigint;
  /** Whether its key stands for something else. */
  readonly reused: boolean;
}
