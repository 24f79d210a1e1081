import { Logger } from "graphile-worker";

/** Says nothing of the jobs that fail: they shall. */
export const SILENT = new Logger(() => () => undefined);

/** graphile-worker set as its documentation advises for many short jobs: a local queue, and jobs settled in batches. */
export function presetOf(connectionString: string, concurrentJobs: number): GraphileConfig.Preset {
  return {
    worker: {
      connectionString,
      concurrentJobs,
      maxPoolSize: 10,
      localQueue: { size: 2 * concurrentJobs },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
      logger: SILENT,
    },
  };
}
