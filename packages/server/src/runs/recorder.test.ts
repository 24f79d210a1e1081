import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InterposeError, type CallRecord, type LateEnd, type Recordable } from "@interpose/engine";
import { eventually } from "../../test/harness/eventually.ts";
import type { RunEvent } from "../hosts/runner.ts";
import type { LogEvents } from "../observe/log.ts";
import type { Queryable } from "../store/database.ts";
import { createRecorder, type QueueBounds, type Recorder, type RecorderSettings } from "./recorder.ts";

const ALL: RecorderSettings = { record: "all", sampling: 1, maxPerSecond: 0, messages: true, maxMessageBytes: 1_000 };
const SUBJECT: Recordable = { stateFor: () => ({}), recordable: (reply) => reply };
let ids = 0;

function event(
  given: {
    readonly calls?: readonly Partial<CallRecord<Recordable>>[];
    readonly refused?: boolean;
    readonly method?: string;
  } = {},
): RunEvent {
  const { calls = [], refused = false, method = "/a.B/C" } = given;
  const target = {
    id: "1",
    name: "t",
    type: "call",
    endpoint: "",
    timeoutMs: 1,
    interruptOnError: true,
    dialect: "v2",
  } as const;
  return {
    runId: String(++ids),
    side: "request",
    method,
    plan: { executionId: "request", condition: { kind: "request", scope: { kind: "all" } }, targets: [] },
    host: "api",
    caller: {},
    depth: 1,
    beganMs: 0,
    durationMs: 1,
    subject: SUBJECT,
    run: {
      calls: calls.map((call) => ({ target, beganMs: 0, payload: {}, effect: "none", ...call })),
      outcome: refused
        ? { kind: "refused", error: new InterposeError("target_failed", "no") }
        : { kind: "passed", subject: SUBJECT, changed: false },
    },
  };
}

/** A store that keeps what it is told, and can be held up, away, or unwilling. */
class Store implements Queryable {
  readonly written: string[] = [];
  readonly late: { readonly run_id: string; readonly place: number; readonly failure?: string }[] = [];
  statements = 0;
  next: () => Promise<void> = () => Promise.resolve();

  async query<Row extends object>({
    name,
    values,
  }: {
    readonly name?: string;
    readonly values: readonly unknown[];
  }): Promise<readonly Row[]> {
    this.statements++;
    await this.next();
    const rows = (at: number) => JSON.parse((values[at] as Buffer).toString()) as never[];
    if (name === "insert-runs") this.written.push(...rows(1).map(({ id }) => id));
    else this.late.push(...rows(0));
    return [];
  }
}

function record(
  settings: Partial<RecorderSettings> = {},
  bounds: Partial<QueueBounds> = {},
): { readonly store: Store; readonly recorder: Recorder; readonly logged: string[] } {
  const store = new Store();
  const logged: string[] = [];
  const log = (name: keyof LogEvents): void => void logged.push(name);
  const recorder = createRecorder({ database: store, instanceId: "1", log, bounds }, { ...ALL, ...settings });
  return { store, recorder, logged };
}

describe("createRecorder()", () => {
  it("writes what came together by one statement, in its order", async () => {
    const { store, recorder } = record();
    const events = Array.from({ length: 50 }, () => event());
    for (const each of events) recorder.take(each);
    assert.equal(store.statements, 0, "nothing is written while a call waits");
    await eventually("the runs", () => store.written.length === 50);
    assert.deepEqual(
      store.written,
      events.map(({ runId }) => runId),
    );
    assert.equal(store.statements, 1);
    assert.deepEqual(recorder.counts(), { made: 50, recorded: 50, dropped: 0 });
  });

  it("writes at its end what waits, and waits no longer than it may", async () => {
    const { store, recorder } = record();
    recorder.take(event());
    await recorder.stop(60_000);
    assert.equal(store.written.length, 1);
    const held = record();
    held.store.next = () => new Promise(() => undefined);
    held.recorder.take(event());
    await held.recorder.stop(20);
    assert.equal(held.store.written.length, 0);
  });

  it("drops and counts what is too much, and takes all the same, while the store does not answer", async () => {
    const { store, recorder, logged } = record({}, { maxRuns: 100 });
    const answer = Promise.withResolvers<undefined>();
    store.next = () => answer.promise.then(() => undefined);
    recorder.take(event());
    await eventually("a statement that does not end", () => store.statements === 1);
    for (let i = 0; i < 1_000; i++) recorder.take(event());
    assert.deepEqual(recorder.counts(), { made: 1_001, recorded: 101, dropped: 900 });
    assert.deepEqual(logged, ["runs.dropped"], "once in a while");
    answer.resolve(undefined);
    await recorder.stop(60_000);
    assert.equal(store.written.length, 101);
  });

  it("bounds the bytes that wait", async () => {
    const { store, recorder } = record({}, { maxBytes: 10_000 });
    store.next = () => new Promise(() => undefined);
    recorder.take(event());
    await eventually("a statement that does not end", () => store.statements === 1);
    for (let i = 0; i < 100; i++) {
      recorder.take(event({ calls: [{ reply: "a".repeat(900) }] }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { recorded, dropped } = recorder.counts();
    assert.ok(recorded < 20 && dropped > 80, `${recorded} recorded`);
    await recorder.stop(0);
  });

  const small = Buffer.from("{}");
  for (const { name, calls, waits } of [
    { name: "lets runs with little wait for others", calls: [{ sent: small, reply: "a" }], waits: true },
    { name: "keeps no run alive that has much", calls: [{ sent: Buffer.alloc(300_000), reply: "a" }], waits: false },
    { name: "keeps none alive that may have much", calls: [{ sent: small, reply: "a" }, {}], waits: false },
  ]) {
    it(name, async () => {
      const { store, recorder } = record();
      let isEncoded = false;
      const recordable = (reply: string): string => {
        isEncoded = true;
        return reply;
      };
      recorder.take({ ...event({ calls }), subject: { ...SUBJECT, recordable } });
      assert.equal(isEncoded, false, "its call comes first");
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(isEncoded, !waits);
      await recorder.stop(1_000);
      assert.deepEqual([isEncoded, store.written.length], [true, 1]);
    });
  }

  it("keeps no run alive while many others end, though none of them comes on record", async () => {
    const { store, recorder } = record({ maxPerSecond: 1 });
    let isEncoded = false;
    const recordable = (reply: string): string => {
      isEncoded = true;
      return reply;
    };
    recorder.take({ ...event({ calls: [{ sent: small, reply: "a" }] }), subject: { ...SUBJECT, recordable } });
    for (let i = 0; i < 63; i++) recorder.take(event());
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isEncoded, false);
    recorder.take(event());
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([isEncoded, store.statements], [true, 0], "what is encoded waits for others");
    await recorder.stop(1_000);
    assert.equal(store.written.length, 1);
  });

  it("tries again while the store is away, and gives up what it refuses", async () => {
    const { store, recorder, logged } = record();
    let times = 0;
    store.next = () =>
      ++times === 1 ? Promise.reject(new InterposeError("store_unavailable", "away")) : Promise.resolve();
    recorder.take(event());
    await eventually("the run", () => store.written.length === 1);
    assert.equal(logged.length, 0);
    store.next = () => Promise.reject(new Error("no"));
    recorder.take(event());
    await eventually("what is given up", () => logged.at(-1) === "runs.not_written");
    assert.deepEqual(recorder.counts(), { made: 2, recorded: 1, dropped: 1 });
    store.next = () => Promise.resolve();
    recorder.take(event());
    await eventually("what comes next", () => store.written.length === 2);
  });

  const failed = { failure: "timeout", effect: "ignored" } as const;
  const selections: readonly (readonly [string, Partial<RecorderSettings>, ReturnType<typeof event>, boolean])[] = [
    ["nothing where it is off", { record: "off" }, event({ refused: true }), false],
    ["no run without a failure where failures are", { record: "failures" }, event({ calls: [{}] }), false],
    ["what was refused where failures are", { record: "failures" }, event({ refused: true }), true],
    ["what failed and was ignored where failures are", { record: "failures" }, event({ calls: [failed] }), true],
    [
      "nothing of a shadow alone that failed",
      { record: "failures" },
      event({ calls: [{ ...failed, effect: "shadow" }] }),
      false,
    ],
    ["none of those that are sampled out", { sampling: 0 }, event(), false],
    ["failures, whatever the sampling", { sampling: 0 }, event({ calls: [failed] }), true],
    ["no looks at the record", {}, event({ refused: true, method: "/interpose.v1.RunService/GetRun" }), false],
  ];
  for (const [what, settings, given, isRecorded] of selections) {
    it(`records ${what}`, async () => {
      const { store, recorder } = record(settings);
      recorder.take(given);
      await recorder.stop(60_000);
      assert.deepEqual(store.written, isRecorded ? [given.runId] : []);
    });
  }

  it("records so many within a second, and failures beyond that", async () => {
    const { store, recorder } = record({ maxPerSecond: 5 });
    for (let i = 0; i < 50; i++) recorder.take(event());
    for (let i = 0; i < 20; i++) recorder.take(event({ refused: true }));
    await recorder.stop(60_000);
    const { recorded, dropped } = recorder.counts();
    assert.ok(recorded >= 25 && recorded < 40, `${recorded} recorded`);
    assert.equal(recorded + dropped, 70);
    assert.equal(store.written.length, recorded);
  });

  it("writes what came later behind its run, also of a run that is recorded only because of it", async () => {
    for (const sampling of [1, 0]) {
      const { store, recorder } = record({ sampling });
      const end = Promise.withResolvers<LateEnd<Recordable>>();
      const fine = Promise.withResolvers<LateEnd<Recordable>>();
      const given = event({
        calls: [
          { effect: "started", late: fine.promise },
          { effect: "started", late: end.promise },
        ],
      });
      recorder.take(given);
      fine.resolve({ durationMs: 1, status: 200 });
      if (sampling === 1) await eventually("the run", () => store.written.length === 1);
      end.resolve({ durationMs: 1, failure: "connect" });
      await eventually("both ends", () => store.late.length === 2);
      assert.deepEqual(store.written, [given.runId]);
      assert.deepEqual(
        store.late.map(({ run_id, place, failure }) => [run_id, place, failure]),
        [
          [given.runId, 1, undefined],
          [given.runId, 2, "connect"],
        ],
      );
    }
  });
});
