import { runMigrations } from "graphile-worker";
import type { Contestant } from "../contestant.ts";
import { startProcesses } from "../processes.ts";

const WORKER = new URL("./worker.ts", import.meta.url);

/** graphile-worker, with a job for each event. It waits for some 2.7 s before it tries again what failed once, which nobody can set. */
export const graphileWorker: Contestant = {
  name: "graphile-worker",
  setUp: (connectionString) => runMigrations({ connectionString }),
  startWorkers: (teardown, databaseUrl, count) => startProcesses(teardown, WORKER, databaseUrl, count),
};
