import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openDeliveryBench } from "../../../test/harness/deliveries.ts";
import { claimDeliveries } from "./claim-deliveries.ts";

const WAITING = 5_000;

describe("claimDeliveries()", () => {
  it("does not go past what is over, also where a great many were due at the same time", async (t) => {
    const bench = await openDeliveryBench(t);
    const targetId = await bench.target("http://127.0.0.1:9/");
    await bench.execute("a.b", [targetId]);
    const [first = 0n] = await bench.publish({});
    await bench.sql(
      `insert into interpose.deliveries (instance_id, event_position, execution_id, place, target_id, stage, state, due_at, created_at)
       select instance_id, event_position, execution_id, place, target_id, stage, state, due_at, created_at
       from interpose.deliveries cross join generate_series(2, $1::int) where id = $2`,
      WAITING,
      first,
    );
    await bench.sql("update interpose.queues set owner = 'worker' where target_id = $1", targetId);
    const due = await bench.deliveries();
    const last = due[WAITING - 11] ?? assert.fail("too few wait");
    await bench.sql("update interpose.deliveries set state = 'succeeded', ended_at = now() where id <= $1", last.id);
    const [{ dueAt } = assert.fail("none waits")] = await bench.database.query<{ readonly dueAt: number }>({
      text: `select extract(epoch from due_at)::float8 * 1000 as "dueAt" from interpose.deliveries where id = $1`,
      values: [first],
    });

    const { claim, read } = await bench.database.transaction(async (tx) => {
      const wanted = { targetId, room: 4, since: { dueAt, id: last.id } };
      const [found] = await claimDeliveries(tx, "worker", bench.instanceId, [wanted], []);
      const [row] = await tx.query<{ readonly read: number }>({
        text: "select pg_stat_get_xact_tuples_returned('interpose.deliveries_due'::regclass)::int as read",
        values: [],
      });
      return { claim: found, read: row?.read ?? Number.NaN };
    });
    assert.deepEqual(
      claim?.claimed.map(({ id }) => id),
      due.slice(WAITING - 10, WAITING - 6).map(({ id }) => id),
    );
    assert.ok(read < 100, `read ${read} entries of the index`);
  });
});
