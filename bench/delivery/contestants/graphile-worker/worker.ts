// A worker process of graphile-worker, set as its documentation advises for many short jobs: a local queue, and jobs settled in batches.
import { Logger, run } from "graphile-worker";
import { IN_FLIGHT } from "../../cases.ts";
import { post, type Job } from "../post.ts";
import { beWorker } from "../processes.ts";

beWorker((connectionString) =>
  run({
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
    taskList: { deliver: (job) => post(job as Job) },
    noHandleSignals: true,
  }),
);
