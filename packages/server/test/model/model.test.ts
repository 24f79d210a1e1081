// What users, operators and faults do at random, against a model of what must come of it.
// INTERPOSE_MODEL_SECONDS says how long, INTERPOSE_MODEL_SEED with which numbers. By default: one short round.
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { createDatabase, type Database } from "../../src/store/database.ts";
import { cleanUp } from "../harness/cleanup.ts";
import { startTcpPostgres } from "../harness/tcp-postgres.ts";
import { startCluster } from "./cluster.ts";
import { createModelTargets, drive, heal, type Unfinished, type World } from "./driver.ts";
import { checkInvariants } from "./invariants.ts";
import { createRandom } from "../harness/random.ts";
import { startReceiver } from "./receiver.ts";
import { createReference } from "./reference.ts";

const SECONDS = Number(process.env.INTERPOSE_MODEL_SECONDS ?? 20);
const SEED = Number(process.env.INTERPOSE_MODEL_SEED ?? 1);

describe(
  "events under faults",
  { skip: process.env.INTERPOSE_TEST_STORE === "url" ? "has a PostgreSQL of its own" : false },
  () => {
    it(
      `are told, in order, on record, whatever happens (seed ${SEED}, ${SECONDS} s)`,
      { timeout: (SECONDS + 400) * 1000 },
      async (t) => {
        const random = createRandom(SEED);
        const postgres = await startTcpPostgres();
        const receiver = await startReceiver(t, () => random.chance(0.5));
        const database = createDatabase({ url: postgres.urlOf("postgres") });
        cleanUp(t, () => database.close());
        const cluster = await startCluster(t, { size: 2, postgres, databaseUrl: postgres.urlOf("postgres"), random });
        const targets = await createModelTargets(cluster, receiver);
        const world: World = { cluster, receiver, reference: createReference(), random, targets };

        await drive(world, SECONDS * 1000);
        await heal(world, async (): Promise<Unfinished> => {
          const [open] = await database.query<{ n: bigint }>({
            text: "select count(*) as n from interpose.deliveries where state in ('blocked', 'queued', 'waiting', 'skipped')",
            values: [],
          });
          const dead = await database.query<{ id: bigint }>({
            text: "select id from interpose.deliveries where state = 'dead' order by id",
            values: [],
          });
          return { open: Number(open?.n), dead: dead.map(({ id }) => String(id)), explain: () => explain(database) };
        });
        const {
          reference,
          receiver: { receipts },
        } = world;
        t.diagnostic(
          await checkInvariants({ database, events: reference.events, receipts, disruptions: cluster.disruptions }),
        );
      },
    );
  },
);

/** What is not over, and who should see to it. */
async function explain(database: Database): Promise<string> {
  const deliveries = await database.query({
    text: `select target_id, state, gate, fifo_key is not null as keyed, claimed_by, count(*) as n, min(due_at) as due
           from interpose.deliveries where state in ('blocked', 'queued', 'waiting', 'skipped') group by 1, 2, 3, 4, 5 order by 1, 2`,
    values: [],
  });
  const queues = await database.query({ text: "select * from interpose.queues order by target_id", values: [] });
  const workers = await database.query({
    text: "select id, name, started_at, lease_until, clock_timestamp() as now from interpose.workers order by started_at",
    values: [],
  });
  return inspect({ deliveries, queues, workers }, { depth: 4, maxArrayLength: 200 });
}
