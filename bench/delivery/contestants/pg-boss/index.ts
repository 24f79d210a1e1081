import { PgBoss } from "pg-boss";
import type { Contestant } from "../contestant.ts";
import { startProcesses } from "../processes.ts";
import { QUEUE } from "./queue.ts";

const WORKER = new URL("./worker.ts", import.meta.url);

/** pg-boss, with a job for each event. */
export const pgBoss: Contestant = {
  name: "pg-boss",
  publishing: { one: "pg-boss", many: "pg-boss" },
  async setUp(connectionString) {
    const boss = new PgBoss({ connectionString, supervise: false, schedule: false });
    await boss.start();
    await boss.createQueue(QUEUE.name, QUEUE);
    await boss.stop();
  },
  startWorkers: (teardown, databaseUrl, count) => startProcesses(teardown, WORKER, databaseUrl, count),
};
