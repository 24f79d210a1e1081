import { eventOf, type BenchEvent } from "../cases.ts";
import { now } from "../clock.ts";
import type { Job } from "./post.ts";

/** A way to publish. */
export interface Publisher {
  /** Publishes events, and returns when they are safe. */
  publish(events: readonly BenchEvent[]): Promise<unknown>;
  close(): Promise<void>;
}

/** Where a publisher publishes. */
export interface PublisherOptions {
  readonly databaseUrl: string;
  /** See `Workers`. */
  readonly urls: readonly string[];
  /** Of the targets. */
  readonly endpoints: readonly string[];
}

/** An event as a job of a queue library, with the body that Interpose would send. */
export function jobOf(event: BenchEvent, endpoints: readonly string[]): Job {
  const at = now();
  const { aggregateType, aggregateId, type, payload } = eventOf(event, at);
  return {
    url: endpoints[event.target] ?? "",
    executionId: `event/${type}`,
    body: {
      aggregateID: aggregateId,
      aggregateType,
      resourceOwner: "312345678901234567",
      instanceID: "312345678901234567",
      version: "v1",
      sequence: 1,
      event_type: type,
      created_at: new Date().toISOString(),
      userID: "benchmark",
      event_payload: payload,
    },
  };
}
