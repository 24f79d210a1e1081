// A worker process of what Interpose would be on graphile-worker: the library has the queue, and all else is Interpose's own, from the request to the record.
import { hostname } from "node:os";
import { createTargetCaller } from "@interpose/caller";
import { run } from "graphile-worker";
import { makeAttempt } from "../../../../packages/server/src/deliveries/attempt.ts";
import { DEFAULT_WORKER_OPTIONS, type WorkerContext } from "../../../../packages/server/src/deliveries/worker-parts.ts";
import { createRunChains } from "../../../../packages/server/src/hosts/run-chain.ts";
import { createKeyBook } from "../../../../packages/server/src/keys/book.ts";
import { createVault } from "../../../../packages/server/src/keys/vault.ts";
import { startLiveRouter } from "../../../../packages/server/src/router/live-router.ts";
import { createDatabase } from "../../../../packages/server/src/store/database.ts";
import { ensureRunKey } from "../../../../packages/server/src/store/sql/ensure-run-key.ts";
import { selectInstanceId } from "../../../../packages/server/src/store/sql/select-instance-id.ts";
import { IN_FLIGHT } from "../../cases.ts";
import { MASTER_KEY } from "../../../harness/server.ts";
import { beWorker } from "../processes.ts";
import { presetOf } from "./preset.ts";
import { createRecord, type RecordedJob } from "./record.ts";

const ROUTER_POLL_MS = 5_000;

beWorker(async (connectionString) => {
  const database = createDatabase({ url: connectionString });
  const instanceId = (await selectInstanceId(database)) ?? "";
  const fail = (error: unknown): never => {
    throw error;
  };
  const keys = createKeyBook({
    vault: createVault([Buffer.from(MASTER_KEY, "base64")]),
    instanceId,
    now: Date.now,
    onUnreadable: fail,
  });
  const router = await startLiveRouter(database, instanceId, {
    pollMs: ROUTER_POLL_MS,
    onError: fail,
    onKeys: keys.update,
  });
  const { deliver } = createTargetCaller({ egressAllow: ["127.0.0.0/8"], credentialsOf: keys.credentialsOf });
  const context: WorkerContext = {
    ...DEFAULT_WORKER_OPTIONS,
    database,
    instanceId,
    router,
    deliver,
    chains: createRunChains(await ensureRunKey(database, instanceId, Buffer.alloc(32, "benchmark")), Date.now),
    log: () => undefined,
    workerId: `${hostname()}:${process.pid}`,
    onError: (_, error) => fail(error),
  };
  const record = createRecord(database, context.workerId);
  const { signal } = new AbortController();
  return run({
    // Half of them wait for the record.
    preset: presetOf(connectionString, 2 * IN_FLIGHT),
    taskList: {
      async deliver(payload, { job: { attempts } }) {
        const job = payload as RecordedJob;
        const target = router.target(job.targetId);
        if (!target) throw new Error(`there is no target ${job.targetId}`);
        const createdAt = new Date(job.createdAt);
        const delivery = {
          ...job,
          id: BigInt(job.id),
          sequence: BigInt(job.sequence),
          createdAt,
          dueAt: createdAt.getTime(),
          gate: null,
          fifoKey: null,
          attempts: attempts - 1,
          failures: attempts - 1,
        };
        const { attempt } = await makeAttempt(context, delivery, target, signal);
        await record.add(attempt);
        // So that the library tries it again.
        if (attempt.failure !== undefined) throw new Error(attempt.failure);
      },
    },
    noHandleSignals: true,
  });
});
