import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import fc from "fast-check";
import type { CallRecord, JsonObject, LateEnd, Recordable, Target } from "@interpose/engine";
import { InterposeError } from "@interpose/engine";
import { forSuite } from "../../test/harness/cleanup.ts";
import { openTestDatabase } from "../../test/harness/postgres.ts";
import { newInstance } from "../../test/harness/routers.ts";
import type { RunEvent } from "../hosts/runner.ts";
import { newId } from "../ids.ts";
import type { Database } from "../store/database.ts";
import { endLateCalls } from "../store/sql/end-late-calls.ts";
import { insertRuns } from "../store/sql/insert-runs.ts";
import { selectRun, selectRunCalls, selectRunMessages } from "../store/sql/select-run.ts";
import type { ContentOfCall, ContentOfRun } from "./content.ts";
import { cutToBytes } from "./rows.ts";
import { createRunBatch } from "./run-batch.ts";

const BOUNDS = { messages: true, maxMessageBytes: 200 };
/** Any text, also one that cannot be stored as it is, or that a parser could trip over. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom("\0", "\ud800", "\udc00a", '"\\', "\\u0000", "\\ud800", "ä€𝄞", "'; drop table interpose.runs"),
);
const json = fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true }) as fc.Arbitrary<JsonObject>;
const stored = (given: string | undefined): string | null =>
  given === undefined ? null : given.toWellFormed().replaceAll("\0", "\ufffd");
const fits = (value: unknown): boolean => Buffer.byteLength(JSON.stringify(value)) <= BOUNDS.maxMessageBytes;

function subject(state: JsonObject): Recordable {
  return { stateFor: () => state, recordable: (reply) => reply };
}

const target = (name: string): Target => ({
  id: "1",
  name,
  type: "call",
  endpoint: "http://127.0.0.1/",
  timeoutMs: 1,
  interruptOnError: true,
  dialect: "v3alpha",
});

const call: fc.Arbitrary<CallRecord<Recordable>> = fc
  .record({
    name: text,
    payload: json,
    isSent: fc.boolean(),
    reply: fc.option(text, { nil: undefined }),
    after: fc.option(json, { nil: undefined }),
    detail: fc.option(text, { nil: undefined }),
    status: fc.option(fc.integer({ min: 200, max: 599 }), { nil: undefined }),
  })
  .map(({ name, payload, isSent, after, ...rest }) => ({
    ...rest,
    target: target(name),
    beganMs: 5,
    payload,
    ...(isSent && { sent: Buffer.from(JSON.stringify(payload)) }),
    effect: after ? "changed" : "none",
    changedTo: after && subject(after),
    ...(rest.detail !== undefined && { failure: "status" }),
    durationMs: 1.5,
  }));

const event: fc.Arbitrary<RunEvent> = fc
  .record({
    calls: fc.array(call, { maxLength: 4 }),
    user: fc.option(text, { nil: undefined }),
    error: fc.option(text, { nil: undefined }),
  })
  .map(({ calls, user, error }) => ({
    runId: newId(),
    side: "request",
    method: "/a.B/C",
    plan: { executionId: "request", condition: { kind: "request", scope: { kind: "all" } }, targets: [] },
    host: "api",
    caller: { userId: user },
    depth: 1,
    beganMs: 1,
    durationMs: 2.5,
    subject: subject({}),
    run: {
      calls,
      outcome:
        error === undefined
          ? { kind: "passed", subject: subject({}), changed: false }
          : { kind: "refused", error: new InterposeError("target_failed", error) },
    },
  }));

describe("a batch of runs", () => {
  const suite = forSuite();
  let database: Database;
  let instanceId: string;
  before(async () => {
    database = await openTestDatabase(suite);
    instanceId = await newInstance(database);
  });

  async function contentOf(runId: string): Promise<readonly unknown[]> {
    const rows = await selectRunMessages(database, BigInt(runId));
    return rows.map(({ content }) => JSON.parse(Buffer.from(content).toString()) as unknown);
  }

  it("is stored as it was, whatever texts are in it, with what is too large left out", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 5 }), async (events) => {
        const batch = createRunBatch(BOUNDS);
        for (const each of events) batch.add(each);
        const { runs, ends } = batch.take();
        assert.ok(runs);
        assert.equal(ends, undefined);
        await insertRuns(database, instanceId, runs);
        for (const { runId, caller, run } of events) {
          const row = await selectRun(database, instanceId, BigInt(runId));
          assert.ok(row);
          const error = run.outcome.kind === "refused" ? run.outcome.error.message : undefined;
          assert.deepEqual([row.userId, row.errorText], [stored(caller.userId), stored(error)]);
          assert.equal(row.calls, run.calls.length);
          const calls = await selectRunCalls(database, BigInt(runId));
          assert.deepEqual(
            calls.map(({ place, targetName, detail, status }) => [place, targetName, detail, status]),
            run.calls.map((each, i) => [i + 1, stored(each.target.name), stored(each.detail), each.status ?? null]),
          );
          const [content] = (await contentOf(runId)) as [ContentOfRun?];
          run.calls.forEach((each, i) => {
            const kept: ContentOfCall | undefined = content?.calls[i];
            assert.deepEqual(kept?.payload, fits(each.payload) ? each.payload : undefined);
            const after = each.changedTo?.stateFor(each.target);
            assert.deepEqual(kept?.after, after && fits(after) ? after : undefined);
            assert.equal(kept?.reply, each.reply ? cutToBytes(each.reply, BOUNDS.maxMessageBytes) : undefined);
          });
        }
      }),
      { numRuns: 60 },
    );
  });

  it("has what came later, of runs that are on record", async () => {
    const [run] = fc.sample(
      event.filter(({ run: { calls } }) => calls.length > 1 && calls.every(({ failure }) => failure === undefined)),
      1,
    );
    assert.ok(run);
    const first = createRunBatch(BOUNDS);
    first.add(run);
    const { runs } = first.take();
    assert.ok(runs);
    await insertRuns(database, instanceId, runs);
    const end: LateEnd<Recordable> = { durationMs: 7, status: 500, failure: "status", detail: "a\0b", reply: "no" };
    const second = createRunBatch(BOUNDS);
    second.add({ event: run, place: 2, end });
    second.add({ event: { ...run, runId: "1" }, place: 1, end });
    const { ends } = second.take();
    assert.ok(ends);
    await endLateCalls(database, ends);
    const [, late] = await selectRunCalls(database, BigInt(run.runId));
    assert.deepEqual([late?.durationMs, late?.status, late?.failure, late?.detail], [7, 500, "status", "a\ufffdb"]);
    assert.equal((await selectRun(database, instanceId, BigInt(run.runId)))?.failedCalls, 1);
    assert.deepEqual((await contentOf(run.runId)).at(-1), { reply: "no" });
    assert.deepEqual(await contentOf("1"), [], "nothing of a run that is not on record");
  });

  it("has no messages of a run whose messages cannot be written, and nothing of them where none are kept", async () => {
    const [run] = fc.sample(
      event.filter(({ run: { calls } }) => calls.length > 0),
      1,
    );
    assert.ok(run);
    const broken: Recordable = {
      stateFor: () => ({}),
      recordable: () => {
        throw new RangeError("too deep");
      },
    };
    const [made] = run.run.calls;
    assert.ok(made);
    const calls = [{ ...made, reply: "a" }];
    for (const [given, bounds] of [
      [{ ...run, runId: newId(), subject: broken, run: { ...run.run, calls } }, BOUNDS],
      [
        { ...run, runId: newId() },
        { ...BOUNDS, messages: false },
      ],
    ] as const) {
      const batch = createRunBatch(bounds);
      batch.add(given);
      const { runs } = batch.take();
      assert.ok(runs);
      await insertRuns(database, instanceId, runs);
      assert.ok(await selectRun(database, instanceId, BigInt(given.runId)));
      assert.deepEqual(await contentOf(given.runId), []);
    }
  });
});

describe("cutToBytes()", () => {
  it("keeps whole characters, as many as fit", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(40), (given, bytes) => {
        const cut = cutToBytes(given, bytes);
        assert.ok(given.startsWith(cut) && Buffer.byteLength(cut) <= bytes);
        const next = String.fromCodePoint(given.codePointAt(cut.length) ?? 0);
        if (cut !== given) assert.ok(Buffer.byteLength(cut + next) > bytes);
      }),
    );
  });
});
