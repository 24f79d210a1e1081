import { runMigrations } from "graphile-worker";
import { createDatabase } from "../../../../packages/server/src/store/database.ts";
import type { Contestant } from "../contestant.ts";
import { interpose } from "../interpose/index.ts";
import { startProcesses } from "../processes.ts";

const WORKER = new URL("./worker.ts", import.meta.url);
const RECORDING_WORKER = new URL("./recording-worker.ts", import.meta.url);

/** graphile-worker, with a job for each event. It waits for some 2.7 s before it tries again what failed once, which nobody can set. */
export const graphileWorker: Contestant = {
  name: "graphile-worker",
  publishing: { one: "graphile-worker", many: "graphile-worker" },
  setUp: (connectionString) => runMigrations({ connectionString }),
  startWorkers: (teardown, databaseUrl, count) => startProcesses(teardown, WORKER, databaseUrl, count),
};

/**
 * What Interpose would be on graphile-worker: a job for each delivery. Events, deliveries and attempts are on record as Interpose has them, to be listed in all ways in which it lists
 * them, and each attempt is written down before its job is settled.
 */
export const recordingGraphileWorker: Contestant = {
  name: "graphile-worker with a record",
  publishing: { one: "graphile-worker with a record", many: "graphile-worker with a record" },
  async setUp(connectionString, endpoints) {
    await interpose.setUp(connectionString, endpoints);
    await runMigrations({ connectionString });
    const database = createDatabase({ url: connectionString });
    await database.query({ text: DROP_INDEXES, values: [] });
    await database.close();
  },
  startWorkers: (teardown, databaseUrl, count) => startProcesses(teardown, RECORDING_WORKER, databaseUrl, count),
};

// The library knows by tables of its own what is due.
const DROP_INDEXES =
  "drop index interpose.deliveries_due, interpose.deliveries_in_order, interpose.deliveries_holding_up";
