import type { Teardown } from "../../../packages/server/src/assembly/teardown.ts";
import type { Way } from "../publish.ts";

/** Who delivers. */
export type ContestantName = "Interpose" | "graphile-worker" | "graphile-worker with a record" | "pg-boss";

/** A program that delivers what is published in a PostgreSQL. */
export interface Contestant {
  readonly name: ContestantName;
  /** How it is published to one by one, and how before any worker runs. */
  readonly publishing: { readonly one: Way; readonly many: Way };
  /** Gives an empty database what is delivered by: the schema, and targets with these endpoints. */
  setUp(databaseUrl: string, endpoints: readonly string[]): Promise<void>;
  /** Starts worker processes. */
  startWorkers(teardown: Teardown, databaseUrl: string, count: number): Promise<Workers>;
}

/** Worker processes that run. */
export interface Workers {
  /** Where each serves an API to publish by. Empty: publishers go to the database. */
  readonly urls: readonly string[];
  /** CPU time that all of them have used, in microseconds. */
  cpuMicroseconds(): Promise<number>;
  /** Ends them once they have settled what they have begun. */
  stop(): Promise<void>;
}
