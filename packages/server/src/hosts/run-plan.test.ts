import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  InterposeError,
  type CallFailure,
  type Exchange,
  type TargetCaller,
  type TargetRequest,
} from "@interpose/engine";
import { protobufMessage } from "@interpose/protocol";
import { create } from "@bufbuild/protobuf";
import { HealthCheckRequestSchema } from "@interpose/protocol/gen/grpc/health/v1/health_pb";
import { createRunChains } from "./run-chain.ts";
import { createPlanRunner, type PlanToRun } from "./run-plan.ts";
import type { RunEvent, RunLimits } from "./runner.ts";

/** A runner whose one target, which would be ignored, takes as long as a test says, and gives up when it is told to. */
function runnerOf(limits: Partial<RunLimits>, takesMs: number, runKey?: Uint8Array) {
  const asked: TargetRequest[] = [];
  const events: RunEvent[] = [];
  const targets: TargetCaller = {
    call: async (request, signal) => {
      asked.push(request);
      const started = performance.now();
      const done = (failure?: CallFailure): Exchange => {
        const durationMs = performance.now() - started;
        return failure === undefined
          ? { kind: "replied", status: 200, body: "", durationMs }
          : { kind: "failed", failure, detail: "", durationMs };
      };
      if (takesMs === 0) return done();
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(done("timeout")), takesMs);
        const end = (): void => {
          clearTimeout(timer);
          resolve(done("deadline"));
        };
        if (signal.aborted) end();
        else signal.addEventListener("abort", end);
      });
    },
    callInBackground: () => new Promise(() => undefined),
  };
  let count = 0;
  const run = createPlanRunner({
    targets,
    newRunId: () => String(++count),
    onRun: (event) => events.push(event),
    limits,
    chains: runKey && createRunChains(runKey, Date.now),
  });
  return { run, asked, events };
}

/** A request for three targets in a row, none of which interrupts. */
function plan(given: Partial<PlanToRun> = {}): PlanToRun {
  const target = {
    id: "1",
    name: "t",
    type: "call",
    endpoint: "http://127.0.0.1:1",
    timeoutMs: 60_000,
    interruptOnError: false,
    dialect: "v2",
  } as const;
  return {
    side: "request",
    plan: {
      executionId: "request",
      condition: { kind: "request", scope: { kind: "all" } },
      targets: [target, target, target],
    },
    message: protobufMessage(HealthCheckRequestSchema, create(HealthCheckRequestSchema)),
    request: undefined,
    envelope: { fullMethod: "/a.B/C", instanceId: "1" },
    signal: new AbortController().signal,
    deadline: undefined,
    traceparent: undefined,
    runHeader: undefined,
    ...given,
  };
}

async function refusalOf(work: Promise<unknown>): Promise<InterposeError> {
  const error: unknown = await work.then(
    () => assert.fail("it was not refused"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof InterposeError, String(error));
  return error;
}

describe("the time of a run", () => {
  const cases: readonly {
    readonly title: string;
    readonly limitMs: number;
    readonly leftMs: number | undefined;
    readonly asked: number;
    readonly endsMs: number;
  }[] = [
    { title: "that its caller has left", limitMs: 0, leftMs: 150, asked: 2, endsMs: 150 },
    { title: "that its caller has left, where that is shorter", limitMs: 5_000, leftMs: 150, asked: 2, endsMs: 150 },
    { title: "of the settings, where that is shorter", limitMs: 150, leftMs: 5_000, asked: 2, endsMs: 150 },
    { title: "of the settings, where the caller gives none", limitMs: 150, leftMs: undefined, asked: 2, endsMs: 150 },
    { title: "that has passed before it began", limitMs: 5_000, leftMs: -1, asked: 0, endsMs: 0 },
  ];
  for (const { title, limitMs, leftMs, asked, endsMs } of cases) {
    it(`is the one ${title}, for all targets together`, async () => {
      const runner = runnerOf({ maxRunMs: limitMs }, 100);
      const started = performance.now();
      const deadline = leftMs === undefined ? undefined : started + leftMs;
      const error = await refusalOf(runner.run(plan({ deadline })));
      const took = performance.now() - started;
      assert.deepEqual([error.reason, error.code], ["run_timed_out", "deadline_exceeded"]);
      assert.match(error.message, /Run 1 has the record/);
      assert.equal(runner.asked.length, asked);
      assert.ok(took >= endsMs - 1 && took < endsMs + 140, `it took ${took} ms`);
      assert.equal(runner.events[0]?.run.calls.length, asked);
    });
  }

  it("has no end where neither caller nor settings give one", async () => {
    const runner = runnerOf({ maxRunMs: 0 }, 20);
    await runner.run(plan());
    assert.equal(runner.asked.length, 3);
  });

  it("is over also where the caller goes away at its deadline, a moment before we see it", async () => {
    const gone = new AbortController();
    const runner = runnerOf({}, 1_000);
    const running = refusalOf(runner.run(plan({ signal: gone.signal, deadline: performance.now() + 55 })));
    setTimeout(() => gone.abort(new Error("reset")), 50);
    assert.equal((await running).code, "deadline_exceeded");
  });

  it("is not over where the caller goes away", async () => {
    const gone = new AbortController();
    const runner = runnerOf({}, 1_000);
    const running = refusalOf(runner.run(plan({ signal: gone.signal, deadline: performance.now() + 10_000 })));
    setTimeout(() => gone.abort(new Error("reset")), 50);
    assert.equal((await running).code, "cancelled");
  });
});

describe("runs that lead to one another", () => {
  const chainOf = async (runner: ReturnType<typeof runnerOf>, runHeader: string | undefined): Promise<string> => {
    await runner.run(plan({ runHeader }));
    return runner.asked.at(-1)?.chain ?? assert.fail("there is no chain");
  };

  it("are refused past the depth, by an error that names them all, before anybody is called", async () => {
    const runner = runnerOf({ maxRunDepth: 3 }, 0);
    let header: string | undefined;
    for (let i = 0; i < 3; i++) header = await chainOf(runner, header);
    const called = runner.asked.length;
    const error = await refusalOf(runner.run(plan({ runHeader: header })));
    assert.deepEqual([error.reason, error.code], ["run_too_deep", "failed_precondition"]);
    assert.match(error.message, /request \(run 1\) → request \(run 2\) → request \(run 3\) → request \(run 4\)\./);
    assert.deepEqual(error.metadata, { runId: "4", executions: "request request request request" });
    assert.equal(runner.asked.length, called);
    assert.deepEqual(
      runner.events.map(({ depth, run }) => [depth, run.outcome.kind]),
      [
        [1, "passed"],
        [2, "passed"],
        [3, "passed"],
        [4, "refused"],
      ],
    );
  });

  it("have one chain for all targets of a run", async () => {
    const runner = runnerOf({}, 0);
    await runner.run(plan());
    assert.equal(new Set(runner.asked.map(({ chain }) => chain)).size, 1);
  });

  it("are known on all servers that have the key, and on no other", async () => {
    const key = new Uint8Array(32).fill(7);
    const header = await chainOf(runnerOf({}, 0, key), undefined);
    const same = runnerOf({}, 0, key);
    await same.run(plan({ runHeader: header }));
    assert.equal(same.events[0]?.depth, 2);
    const other = runnerOf({}, 0);
    await other.run(plan({ runHeader: header }));
    assert.equal(other.events[0]?.depth, 1);
  });
});
