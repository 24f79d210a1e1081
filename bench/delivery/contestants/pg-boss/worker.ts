// A worker process of pg-boss, set for many short jobs: several loops that each fetch, deliver and settle a batch, woken by notifications.
import { PgBoss, type JobResult } from "pg-boss";
import { IN_FLIGHT } from "../../cases.ts";
import { assertReceived, post, type Job } from "../post.ts";
import { beWorker } from "../processes.ts";
import { QUEUE } from "./queue.ts";

const LOOPS = 4;

beWorker(async (connectionString) => {
  const boss = new PgBoss({ connectionString, useListenNotify: true, schedule: false });
  boss.on("error", (error) => process.stderr.write(`pg-boss: ${error.message}\n`));
  await boss.start();
  const options = {
    batchSize: IN_FLIGHT / LOOPS,
    localConcurrency: LOOPS,
    perJobResults: true,
    burstWhenBatchFull: true,
    pollingIntervalSeconds: 0.5,
    notifyPollingIntervalSeconds: 0.5,
  } as const;
  await boss.work<Job, unknown, typeof options>(QUEUE.name, options, (jobs) =>
    Promise.all(
      jobs.map(({ id, data }) =>
        // How often it was tried, only a wider fetch would tell.
        post(data, id, 1)
          .then(assertReceived)
          .then(
            (): JobResult => ({ id, status: "completed" }),
            (error: unknown): JobResult => ({ id, status: "failed", output: { message: String(error) } }),
          ),
      ),
    ),
  );
  return { stop: () => boss.stop() };
});
