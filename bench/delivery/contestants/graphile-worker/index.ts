import { runMigrations } from "graphile-worker";
import type { Contestant } from "../contestant.ts";
import { startProcesses } from "../processes.ts";
import { createRecord } from "./record.ts";

const WORKER = new URL("./worker.ts", import.meta.url);
const PUBLISHING = { one: "graphile-worker", many: "graphile-worker" } as const;

/** graphile-worker, with a job for each event. It waits for some 2.7 s before it tries again what failed once, which nobody can set. */
export const graphileWorker: Contestant = {
  name: "graphile-worker",
  publishing: PUBLISHING,
  setUp: (connectionString) => runMigrations({ connectionString }),
  startWorkers: (teardown, databaseUrl, count) => startProcesses(teardown, WORKER, databaseUrl, count),
};

/** The same, where each attempt is written down before its job is settled, as whoever builds deliveries on it would have to. */
export const recordingGraphileWorker: Contestant = {
  name: "graphile-worker with a record",
  publishing: PUBLISHING,
  async setUp(connectionString) {
    await runMigrations({ connectionString });
    const record = createRecord(connectionString);
    await record.setUp();
    await record.close();
  },
  startWorkers: (teardown, databaseUrl, count) => startProcesses(teardown, WORKER, databaseUrl, count, ["recording"]),
};
