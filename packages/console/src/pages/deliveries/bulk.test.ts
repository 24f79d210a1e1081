import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BEGINNING, runBulk, stepThrough, type BulkPlace, type BulkStep } from "./bulk.ts";

describe("runBulk()", () => {
  const pages =
    (count: number) =>
    (from: string): Promise<BulkStep> =>
      Promise.resolve({ doneCount: 10, leftCount: 1, next: Number(from) + 1 < count ? String(Number(from) + 1) : "" });

  it("goes from page to page, and tells of each", async () => {
    const told: BulkPlace[] = [];
    const isDone = await runBulk(pages(3), BEGINNING, (place) => told.push(place), new AbortController().signal);
    assert.equal(isDone, true);
    assert.deepEqual(
      told.map(({ progress }) => progress.doneCount),
      [10, 20, 30],
    );
    assert.deepEqual(told.at(-1)?.progress, { doneCount: 30, leftCount: 3, firstRefusal: undefined });
  });

  it("stops after the page during which it was stopped, and goes on from there", async () => {
    const stop = new AbortController();
    let place = BEGINNING;
    const isDone = await runBulk(
      pages(3),
      BEGINNING,
      (next) => {
        place = next;
        stop.abort();
      },
      stop.signal,
    );
    assert.equal(isDone, false);
    assert.equal(place.progress.doneCount, 10);
    assert.equal(await runBulk(pages(3), place, (next) => (place = next), new AbortController().signal), true);
    assert.equal(place.progress.doneCount, 30);
  });
});

describe("stepThrough()", () => {
  const run = async (ids: readonly string[], change: (id: string) => Promise<unknown>): Promise<BulkPlace> => {
    let place = BEGINNING;
    const step = stepThrough(ids, change, (error) => error instanceof RangeError);
    await runBulk(step, BEGINNING, (next) => (place = next), new AbortController().signal);
    return place;
  };

  it("counts what is refused, and goes on", async () => {
    const refusal = new RangeError("refused");
    const changed: string[] = [];
    const { progress } = await run(["1", "2", "3"], (id) => {
      if (id === "2") return Promise.reject(refusal);
      changed.push(id);
      return Promise.resolve();
    });
    assert.deepEqual(changed, ["1", "3"]);
    assert.deepEqual(progress, { doneCount: 2, leftCount: 1, firstRefusal: refusal });
  });

  it("ends at any other failure", () =>
    assert.rejects(
      run(["1", "2"], () => Promise.reject(new Error("away"))),
      /away/,
    ));

  it("does nothing with nothing", async () => assert.equal((await run([], () => assert.fail())).progress.doneCount, 0));
});
