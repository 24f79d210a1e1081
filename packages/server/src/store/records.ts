import type { Execution, ExecutionOptions, Target } from "@interpose/engine";

/** Where an object stands in its own history. */
export interface Details {
  /** Sequence of the object's last event, from 1. */
  readonly sequence: bigint;
  /** Time of that event. */
  readonly changedAt: Date;
  /** Instance that the object belongs to. */
  readonly resourceOwner: string;
}

/** A target as it is stored. */
export interface StoredTarget extends Target {
  readonly details: Details;
  readonly createdAt: Date;
}

/** An execution as it is stored. */
export interface StoredExecution extends Execution {
  readonly id: string;
  readonly options: ExecutionOptions;
  readonly details: Details;
  readonly createdAt: Date;
}

/** How far an instance's targets and executions have come: the position and time of the last event of theirs. */
export interface Revision {
  readonly revision: bigint;
  readonly revisionAt: Date;
}
