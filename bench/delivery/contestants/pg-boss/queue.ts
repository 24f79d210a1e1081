import type { Queue } from "pg-boss";
import { RETRY_DELAY_MS } from "../../cases.ts";

/** The queue that all jobs are in. A notification wakes its workers. */
export const QUEUE = {
  name: "deliver",
  retryLimit: 10,
  retryDelay: RETRY_DELAY_MS / 1_000,
  notify: true,
} as const satisfies Queue;
