import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openDeliveryBench, pause, resume, type DeliveryBench } from "../../test/harness/deliveries.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { countStatements } from "../../test/harness/statements.ts";
import { countAtOnce, startTarget, type TargetReply, type TestTarget } from "../../test/harness/target.ts";
import type { Cleanup } from "../../test/harness/cleanup.ts";
import { Ahead } from "./ahead.ts";

const AT_ONCE = 4;

describe("how much is claimed ahead", () => {
  const endOf = (ahead: Ahead, count: number): void => {
    for (let i = 0; i < count; i++) ahead.countEnd();
  };

  it("is as much as ends in 25 ms, as fast as attempts ended since the last claim", () => {
    const ahead = new Ahead();
    ahead.claimBegins(1_000);
    endOf(ahead, 40);
    assert.equal(ahead.claimBegins(1_050), 20);
    assert.equal(ahead.claimBegins(1_100), 0, "since then none has ended");
    endOf(ahead, 3);
    assert.equal(ahead.claimBegins(2_100), 0, "one in a third of a second");
  });

  it("is no more than ended, however soon the next claim is", () => {
    const ahead = new Ahead();
    ahead.claimBegins(1_000);
    endOf(ahead, 7);
    assert.equal(ahead.claimBegins(1_001), 7);
  });
});

/** A target that takes 20 ms and is called four times at once, with a backlog of so many, and a worker that has begun with it. */
async function open(t: Cleanup, count: number, answer: (nth: number) => TargetReply = () => ({})) {
  const bench = await openDeliveryBench(t);
  const endpoint = await startTarget(t);
  let calls = 0;
  endpoint.reply(async () => {
    const nth = ++calls;
    await new Promise((resolve) => setTimeout(resolve, 20));
    return answer(nth);
  });
  const target = await bench.target(endpoint.url, {}, { maxConcurrency: AT_ONCE });
  await bench.execute("a.b", [target]);
  await bench.publishUntold(...Array.from({ length: count }, (_, n) => ({ aggregateId: String(n), payload: { n } })));
  return { bench, endpoint, target };
}

/** Waits until more is claimed than can be under way. */
const claimedAhead = (bench: DeliveryBench): Promise<unknown> =>
  eventually("a claim ahead", async () => (await claimed(bench)) > AT_ONCE || undefined);

async function claimed(bench: DeliveryBench): Promise<number> {
  return (await bench.deliveries()).filter(({ state, claimedBy }) => state === "waiting" && claimedBy !== null).length;
}

/** Waits until nothing is claimed, and answers how many are over. All that began has been told once, and is on record so. */
async function settled(bench: DeliveryBench, endpoint: TestTarget): Promise<number> {
  await eventually("all to be given back", async () => (await claimed(bench)) === 0 || undefined);
  const attempts = await bench.attempts();
  assert.equal(endpoint.calls.length, attempts.length);
  assert.ok(
    attempts.every(({ number, failure }) => number === 1 && failure !== "worker_lost"),
    "none was taken for lost",
  );
  return (await bench.deliveries()).filter(({ isOver }) => isOver).length;
}

describe("deliveries of a queue that is never empty", () => {
  it("are claimed several at once, and begin in their order as there is room", async (t) => {
    const { bench, endpoint } = await open(t, 200);
    const most = countAtOnce(endpoint, 20);
    const { database, statements } = countStatements(bench.database);
    await bench.worker({}, database);
    await bench.states(...Array.from({ length: 200 }, () => "succeeded"));
    assert.equal(most(), AT_ONCE);
    const order = endpoint.calls.map(({ body }) => Number(body.event_payload.n));
    order.forEach((n, place) => assert.ok(Math.abs(n - place) < 2 * AT_ONCE, `${n} came as number ${place}`));
    const claims = statements.filter((name) => name === "claim-deliveries").length;
    assert.ok(claims < 80, `${claims} claims for 200 deliveries`);
  });

  it("are given back when it is paused, and go on when it is resumed", async (t) => {
    const { bench, endpoint, target } = await open(t, 200);
    await bench.worker({ pollMs: 60_000 });
    await claimedAhead(bench);
    await pause(bench, target);
    const over = await settled(bench, endpoint);
    assert.ok(over < 200);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(await settled(bench, endpoint), over);
    await resume(bench, target);
    await bench.states(...Array.from({ length: 200 }, () => "succeeded"));
    await settled(bench, endpoint);
  });

  it("are given back when its target answers that it is gone", async (t) => {
    const { bench, endpoint } = await open(t, 200, (nth) => (nth < 60 ? {} : { status: 410 }));
    await bench.worker({ pollMs: 60_000 });
    await claimedAhead(bench);
    const over = await eventually("the pause", async () => {
      const rows = await bench.deliveries();
      return rows.filter(({ isOver }) => isOver).length === 59 ? 59 : undefined;
    });
    assert.equal(await settled(bench, endpoint), over);
  });

  it("are given back when its target asks for time, and go on then", async (t) => {
    const { bench } = await open(t, 100, (nth) => (nth === 40 ? { status: 429, headers: { "retry-after": "1" } } : {}));
    await bench.worker({ pollMs: 60_000 });
    await eventually("the wish", async () => (await bench.attempts()).find(({ status }) => status === 429));
    await eventually("all to be given back", async () => (await claimed(bench)) === 0 || undefined);
    await bench.states(...Array.from({ length: 100 }, () => "succeeded"));
  });

  it("are given back when the worker stops, and another one tells of each once", async (t) => {
    const { bench, endpoint } = await open(t, 200);
    const worker = await bench.worker();
    await claimedAhead(bench);
    await worker.stop(5_000);
    assert.ok((await settled(bench, endpoint)) < 200);
    await bench.worker();
    await bench.states(...Array.from({ length: 200 }, () => "succeeded"));
    await settled(bench, endpoint);
  });

  it("are given back when another worker shall have its queue", async (t) => {
    const { bench, endpoint } = await open(t, 200);
    const other = await bench.target(endpoint.url, {}, { maxConcurrency: AT_ONCE });
    await bench.execute("a.c", [other]);
    await bench.publishUntold(...Array.from({ length: 200 }, (_, n) => ({ type: "a.c", aggregateId: String(n) })));
    await bench.worker();
    await claimedAhead(bench);
    await bench.worker();
    await bench.states(...Array.from({ length: 400 }, () => "succeeded"));
    await settled(bench, endpoint);
    assert.equal(new Set((await bench.attempts()).map(({ worker }) => worker)).size, 2);
  });

  it("give way to publishes that are under way, but not for as long as those are", async (t) => {
    const { bench } = await open(t, 100);
    const other = await bench.target("http://127.0.0.1:9/");
    await bench.execute("a.c", [other]);
    const worker = await bench.worker();
    const kept = worker.owners.reserve([{ place: 0, targetId: other, stage: 0, gate: undefined }]);
    assert.ok(kept, "a publish is under way");
    await bench.states(...Array.from({ length: 100 }, () => "succeeded"));
    kept.end(new Map());
  });
});
