import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openDeliveryBench, type DeliveryBench } from "../../test/harness/deliveries.ts";
import { eventually } from "../../test/harness/eventually.ts";
import { countStatements } from "../../test/harness/statements.ts";
import { countAtOnce, startTarget, type TestTarget } from "../../test/harness/target.ts";
import type { Cleanup } from "../../test/harness/cleanup.ts";
import type { DeliveryOwners, Reservation } from "../events/delivery-owners.ts";
import type { NewEvent } from "../events/new-event.ts";
import { createPublisher, type Publisher } from "../events/publisher.ts";
import { createRate } from "../events/rate.ts";
import { createPublishing } from "./giving-way.ts";
import { createHandingOver } from "./handing-over.ts";
import { OwnedQueue } from "./queue.ts";

/** Nothing is found by looking for it that nobody tells of. */
const TOLD_ALONE = { pollMs: 600_000, renewMs: 600_000, leaseMs: 1_800_000 };

/** A bench with one target that is told of all events `a.b`, and a worker. */
async function open(
  t: Cleanup,
  reply: Parameters<TestTarget["reply"]>[0] = {},
  delivery: Parameters<DeliveryBench["target"]>[2] = {},
) {
  const bench = await openDeliveryBench(t);
  const endpoint = await startTarget(t, reply);
  const target = await bench.target(endpoint.url, {}, delivery);
  await bench.execute("a.b", [target]);
  const { database, statements } = countStatements(bench.database);
  const worker = await bench.worker(TOLD_ALONE, database);
  const claims = (): number => statements.filter((name) => name === "claim-deliveries").length;
  return { bench, endpoint, target, worker, claims };
}

function publisherOf({ database, instanceId, router }: DeliveryBench, owners: DeliveryOwners): Publisher {
  return createPublisher({
    database,
    instanceId,
    router,
    maxRunDepth: 5,
    settings: { types: "open", declared: [], maxPayloadBytes: 100_000, maxPerSecond: 0 },
    rate: createRate(0, () => 0),
    owners,
  });
}

const event = (n: number, given: Partial<NewEvent> = {}): NewEvent => ({
  type: "a.b",
  aggregateType: "thing",
  aggregateId: String(n),
  payload: { n },
  ...given,
});
const PUBLICATION = { creator: "me", depth: 0, fieldOf: (i: number) => `events[${i}]` };
const numbers = ({ calls }: TestTarget): readonly number[] => calls.map(({ body }) => Number(body.event_payload.n));

describe("an event that is published beside a worker", () => {
  it("is handed over: delivered and on record like any other", async (t) => {
    const { bench, endpoint, worker } = await open(t, { status: 202 });
    const given = { payload: { n: 7, b: [1.5e3, { c: "ü" }], a: "" }, resourceOwner: "org", version: "v3" };
    const publisher = publisherOf(bench, worker.owners);
    const [place] = await publisher.publish([event(7, given)], { ...PUBLICATION, depth: 2 });
    const [delivery] = await bench.states("succeeded");
    assert.deepEqual([delivery?.attempts, delivery?.failures, delivery?.claimedBy], [1, 0, null]);
    const [{ body, headers }] = endpoint.calls as [TestTarget["calls"][number]];
    assert.deepEqual(body, {
      aggregateID: "7",
      aggregateType: "thing",
      resourceOwner: "org",
      instanceID: bench.instanceId,
      version: "v3",
      sequence: 1,
      event_type: "a.b",
      created_at: place?.createdAt.toISOString(),
      userID: "me",
      event_payload: given.payload,
    });
    assert.match(String(headers["interpose-run"]), /^3\./);
    assert.equal(headers["webhook-id"], String(delivery?.id));
    const row = { deliveryId: delivery?.id, number: 1, worker: worker.id, status: 202 };
    assert.deepEqual(await bench.attempts(), [{ ...row, failure: null, decision: "succeeded" }]);
  });

  it("needs no claim", async (t) => {
    const { bench, endpoint, worker, claims } = await open(t);
    const publisher = publisherOf(bench, worker.owners);
    const before = claims();
    for (let n = 0; n < 10; n++) await publisher.publish([event(n)], PUBLICATION);
    await bench.states(...Array.from({ length: 10 }, () => "succeeded"));
    assert.equal(endpoint.calls.length, 10);
    // What a worker looks for at its start may be there by then.
    assert.ok(claims() - before <= 1, `${claims() - before} claims`);
  });

  it("has the same bytes when it is tried again, by a claim", async (t) => {
    const bodies: string[] = [];
    const { bench, worker, endpoint } = await open(t, {}, { retryDelaysMs: [20] });
    endpoint.reply(({ body }) => {
      bodies.push(JSON.stringify(body));
      return { status: bodies.length === 1 ? 500 : 200 };
    });
    const payload = { z: 1, a: { nested: [1, 2.5, "x"] }, n: 1, "": null };
    await publisherOf(bench, worker.owners).publish([event(1, { payload })], PUBLICATION);
    const [delivery] = await bench.states("succeeded");
    assert.deepEqual([delivery?.attempts, delivery?.failures], [2, 1]);
    assert.equal(bodies.length, 2);
    assert.equal(bodies[0], bodies[1]);
  });

  it("is found by a claim where what was committed never came to be known", async (t) => {
    const { bench, endpoint, worker } = await open(t);
    const { tell, reserve } = worker.owners;
    const lost: DeliveryOwners = {
      tell,
      reserve(deliveries) {
        const reservation = reserve(deliveries);
        return reservation && { ...reservation, end: () => reservation.end(new Map()) };
      },
    };
    await publisherOf(bench, lost).publish([event(1)], PUBLICATION);
    const [delivery] = await bench.states("succeeded");
    assert.equal(delivery?.attempts, 1);
    assert.deepEqual(numbers(endpoint), [1]);
  });

  it("is found by another worker where the one that it was handed over to is gone, with the attempt that was lost on record", async (t) => {
    const bench = await openDeliveryBench(t);
    const endpoint = await startTarget(t);
    await bench.execute("a.b", [await bench.target(endpoint.url)]);
    await bench.sql("update interpose.queues set owner = 'gone'");
    const gone: DeliveryOwners = {
      tell: () => undefined,
      reserve: () => ({ workerId: "gone", places: new Set([0]), end: () => undefined }),
    };
    await publisherOf(bench, gone).publish([event(1)], PUBLICATION);
    assert.deepEqual(
      (await bench.deliveries()).map(({ claimedBy }) => claimedBy),
      ["gone"],
    );
    await bench.worker();
    const [delivery] = await bench.states("succeeded");
    assert.equal(delivery?.attempts, 2);
    assert.deepEqual(
      (await bench.attempts()).map(({ worker, failure, decision }) => [worker === "gone", failure, decision]),
      [
        [true, "worker_lost", "retry"],
        [false, null, "succeeded"],
      ],
    );
    assert.deepEqual(numbers(endpoint), [1]);
  });

  it("does not keep its worker from stopping while it is not committed, and waits for another one then", async (t) => {
    const { bench, endpoint, worker } = await open(t);
    let end = (): void => undefined;
    const late: DeliveryOwners = {
      tell: worker.owners.tell,
      reserve(deliveries) {
        const kept = worker.owners.reserve(deliveries);
        return kept && { ...kept, end: (claimed) => (end = () => kept.end(claimed)) };
      },
    };
    await publisherOf(bench, late).publish([event(1)], PUBLICATION);
    await worker.stop(100);
    end();
    await bench.worker();
    await bench.states("succeeded");
    assert.deepEqual(numbers(endpoint), [1]);
  });

  it("does not wait for a publish that is stuck", async (t) => {
    const { bench, endpoint, target, worker } = await open(t);
    const stuck = worker.owners.reserve([{ targetId: target, place: 0, stage: 0, gate: undefined }]);
    assert.ok(stuck, "there is room for it");
    await publisherOf(bench, worker.owners).publish([event(1)], PUBLICATION);
    await bench.states("succeeded");
    assert.deepEqual(numbers(endpoint), [1]);
    stuck.end(new Map());
  });

  it("is told of, and not handed over, where something waits already, or there is no room", async (t) => {
    const { bench, endpoint, worker, claims } = await open(t, {}, { maxConcurrency: 1 });
    const publisher = publisherOf(bench, worker.owners);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    endpoint.reply(async () => {
      if (endpoint.calls.length === 1) await released;
      return {};
    });
    await publisher.publish([event(0)], PUBLICATION);
    await eventually("the first", () => endpoint.calls.length === 1);
    const before = claims();
    for (const n of [1, 2, 3]) await publisher.publish([event(n)], PUBLICATION);
    release();
    await bench.states("succeeded", "succeeded", "succeeded", "succeeded");
    assert.deepEqual(numbers(endpoint), [0, 1, 2, 3]);
    assert.ok(claims() > before);
  });

  it("is held back where its queue was paused, or went to another worker, and nobody has told this one", async (t) => {
    const { bench, endpoint, worker } = await open(t);
    const handedOver: number[] = [];
    const owners: DeliveryOwners = {
      tell: () => undefined,
      reserve(deliveries) {
        const kept = worker.owners.reserve(deliveries);
        return kept && { ...kept, end: (claimed) => void handedOver.push(claimed.size) };
      },
    };
    const publisher = publisherOf(bench, owners);
    await bench.sql("update interpose.queues set paused_at = now(), paused_by = 'operator'");
    await publisher.publish([event(1)], PUBLICATION);
    await bench.sql("update interpose.queues set paused_at = null, paused_by = null, owner = 'another'");
    await publisher.publish([event(2)], PUBLICATION);
    await bench.sql("update interpose.queues set owner = $1", worker.id);
    await publisher.publish([event(3)], PUBLICATION);
    assert.deepEqual(handedOver, [0, 0, 1]);
    const claims = (await bench.deliveries()).map(({ claimedBy }) => claimedBy);
    assert.deepEqual(claims, [null, null, worker.id]);
    assert.equal(endpoint.calls.length, 0);
  });

  it("keeps to its target's limits", async (t) => {
    const { bench, endpoint, worker } = await open(t, {}, { maxConcurrency: 3 });
    const publisher = publisherOf(bench, worker.owners);
    const most = countAtOnce(endpoint, 5);
    await Promise.all(Array.from({ length: 60 }, (_, n) => publisher.publish([event(n)], PUBLICATION)));
    await bench.states(...Array.from({ length: 60 }, () => "succeeded"));
    assert.equal(most(), 3);
    assert.equal(endpoint.calls.length, 60);
  });

  it("is delivered once, however publishes and claims meet", async (t) => {
    const { bench, endpoint, worker, claims } = await open(t, {}, { maxConcurrency: 64 });
    const publisher = publisherOf(bench, worker.owners);
    const before = claims();
    const [EVENTS, LANES] = [600, 6];
    let [next, isDone] = [0, false];
    const lane = async (): Promise<void> => {
      while (next < EVENTS) await publisher.publish([event(next++)], PUBLICATION);
    };
    const waking = (async () => {
      // Whoever wakes a queue makes the worker look for what is due, right behind the commits.
      while (!isDone) {
        worker.owners.tell((await bench.deliveries()).slice(0, 1).map(({ targetId }) => targetId));
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await Promise.all(Array.from({ length: LANES }, lane));
    isDone = true;
    await waking;
    const rows = await bench.states(...Array.from({ length: EVENTS }, () => "succeeded"));
    assert.ok(rows.every(({ attempts }) => attempts === 1));
    assert.deepEqual(
      numbers(endpoint).toSorted((a, b) => a - b),
      Array.from({ length: EVENTS }, (_, n) => n),
    );
    assert.equal((await bench.attempts()).length, EVENTS);
    assert.ok(claims() > before);
  });

  it("is not handed over by key, in a batch, or where its delivery is a dead letter from the start", async (t) => {
    const { bench, endpoint, worker } = await open(t);
    const asked: number[] = [];
    const { tell, reserve } = worker.owners;
    const owners: DeliveryOwners = { tell, reserve: (some) => (asked.push(some.length), reserve(some)) };
    const publisher = publisherOf(bench, owners);
    await bench.execute("a.keyed", [await bench.target(endpoint.url)], "aggregate");
    await publisher.publish([event(1), event(2)], PUBLICATION);
    await publisher.publish([event(3, { type: "a.keyed" })], PUBLICATION);
    await publisher.publish([event(4)], { ...PUBLICATION, depth: 5 });
    await bench.states("succeeded", "succeeded", "succeeded", "dead");
    assert.deepEqual(asked, [0, 0, 0]);
  });
});

const UNTOUCHED = { pausedBy: null, pauseReason: null, slowedMs: null, openings: 0, probeMs: null, mark: "" };

describe("what was committed", () => {
  /** A worker with room, and what was handed over to it. */
  function openRoom() {
    const publishing = createPublishing();
    const begun: string[] = [];
    const claiming = {
      reserve(targetId: string) {
        publishing.begin();
        return new OwnedQueue({ ...UNTOUCHED, targetId }, performance.now());
      },
      handOver({ targetId }: OwnedQueue) {
        publishing.end();
        begun.push(targetId);
        return true;
      },
    };
    const fail = (): never => assert.fail("it was handed over");
    const reserve = createHandingOver({ workerId: "me" }, claiming, publishing, { onFreed: fail, onUntold: fail });
    const kept = (...targetIds: readonly string[]): Reservation => {
      const deliveries = targetIds.map((targetId, place) => ({ targetId, place, stage: 0, gate: undefined }));
      return reserve(deliveries) ?? assert.fail("there is room");
    };
    return { begun, kept };
  }
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const NOTHING = new Map();

  it("begins once nothing else is being published, all of it, in order", async () => {
    const { begun, kept } = openRoom();
    const [first, second, third] = [kept("1", "2"), kept("3"), kept("4")];
    first.end(NOTHING);
    third.end(NOTHING);
    await turn();
    assert.deepEqual(begun, [], "the second is under way");
    second.end(NOTHING);
    assert.deepEqual(begun, [], "whoever publishes has the answer first");
    await turn();
    assert.deepEqual(begun, ["1", "2", "4", "3"]);
    kept("5").end(NOTHING);
    await turn();
    assert.deepEqual(begun.slice(4), ["5"]);
  });

  it("begins soon, however long something else takes to publish", async () => {
    const { begun, kept } = openRoom();
    const stuck = kept("stuck");
    for (let n = 1; n <= 3; n++) {
      kept(String(n)).end(NOTHING);
      await eventually("it begins", () => begun.length === n);
    }
    stuck.end(NOTHING);
    await turn();
    assert.deepEqual(begun, ["1", "2", "3", "stuck"]);
  });
});
