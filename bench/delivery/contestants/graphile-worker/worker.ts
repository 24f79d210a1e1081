// A worker process of graphile-worker, set as its documentation advises for many short jobs: a local queue, and jobs settled in batches.
import { Logger, run } from "graphile-worker";
import { IN_FLIGHT } from "../../cases.ts";
import { now } from "../../clock.ts";
import { assertReceived, post, type Job } from "../post.ts";
import { beWorker } from "../processes.ts";
import { createRecord } from "./record.ts";

beWorker((connectionString) => {
  const record = process.argv[3] === "recording" ? createRecord(connectionString) : undefined;
  return run({
    preset: {
      worker: {
        connectionString,
        concurrentJobs: IN_FLIGHT,
        maxPoolSize: 10,
        localQueue: { size: 2 * IN_FLIGHT },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
        // Says nothing of the jobs that fail: they shall.
        logger: new Logger(() => () => undefined),
      },
    },
    taskList: {
      async deliver(payload, { job: { id, attempts } }) {
        const job = payload as Job;
        const began = now();
        const { status, headers } = await post(job, id);
        await record?.add({ jobId: id, number: attempts, url: job.url, headers, status, durationMs: now() - began });
        assertReceived(status);
      },
    },
    noHandleSignals: true,
  });
});
