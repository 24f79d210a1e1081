import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Work } from "../harness/benchmark.ts";
import { startChild, type Child } from "../harness/child.ts";
import { freePort } from "../harness/free-port.ts";
import { ADMIN_TOKEN, SAME_YOUNG_GENERATION, settingsOn } from "../harness/server.ts";
import { medianInterval, medians, type MedianInterval } from "../harness/statistics.ts";
import { fillStore } from "../harness/store.ts";
import { takeTurns, type Pair } from "../harness/turns.ts";
import { CASES, PATHS, type Case } from "./cases.ts";
import type { TwinsAnswers } from "./twins.ts";
import type { Rate, WorldAnswers, WorldUrls } from "./world.ts";

/** Processes, each with both gateways. */
const PROCESSES = { full: 3, quick: 1 };
/** As many as it takes until V8 has optimized what they run through. */
const WARM_UP = { full: { calls: 8_000, perSecond: 2_000 }, quick: { calls: 200, perSecond: 500 } };
/**
 * Steady, and below saturation: there, what a gateway does for a call does not hang on how many others came with it. Of one that is kept busy on a machine of few processors, the work of PostgreSQL decides
 * how many calls share a write to a socket, which costs more than all that is compared here. A turn is so long that collections of the old generation, which come every few seconds, meet each alike.
 */
const TURN = { full: { calls: 4_000, perSecond: 500 }, quick: { calls: 100, perSecond: 500 } };
const ROUNDS = { full: 4, quick: 2 };
/** What is recorded of a turn is written within so long, and counts as that turn's. */
const WRITTEN_MS = 800;

/** What a hooked call costs without the record, and with it. */
export interface RecordedCalls {
  readonly which: Case;
  /** CPU of the gateway's process for one call, in microseconds. */
  readonly cpu: Pair<number>;
  readonly ratio: MedianInterval;
}

interface Gateway {
  /** Of its API. */
  readonly apiUrl: string;
  readonly url: string;
}

/** Measures hooked calls of gateways, of which one records nothing and the other everything. */
export async function measureRecording(work: Work): Promise<readonly RecordedCalls[]> {
  const { teardown, effort, progress } = work;
  const world = startChild<WorldAnswers>(teardown, new URL("./world.ts", import.meta.url));
  const urls = await world.ask("open", undefined);
  const log = openSync(devNull, "w");
  const measured: Record<Case, Pair<number>[]> = { watched: [], changed: [] };
  for (let i = 1; i <= PROCESSES[effort]; i++) {
    progress(`calling two gateways in one process, ${i} of ${PROCESSES[effort]}`);
    const twins = startChild<TwinsAnswers>(teardown, new URL("./twins.ts", import.meta.url), {
      nodeFlags: SAME_YOUNG_GENERATION,
      // What servers log with their defaults belongs to what a call costs, and nobody reads it.
      stderr: log,
    });
    const a = await startGateway(work, twins, urls, { INTERPOSE_RUNS_RECORD: "off" });
    const b = await startGateway(work, twins, urls, { INTERPOSE_RUNS_MAX_PER_SECOND: "0" });
    const turn =
      ({ url }: Gateway, which: Case, load: Rate) =>
      async (): Promise<number> => {
        const before = await twins.ask("cpu", undefined);
        await world.ask("call", { url, which, ...load });
        await setTimeout(WRITTEN_MS);
        return ((await twins.ask("cpu", undefined)) - before) / load.calls;
      };
    for (const which of Object.keys(CASES) as Case[]) {
      await takeTurns(1, { a: turn(a, which, WARM_UP[effort]), b: turn(b, which, WARM_UP[effort]) });
      const pairs = await takeTurns(ROUNDS[effort], {
        a: turn(a, which, TURN[effort]),
        b: turn(b, which, TURN[effort]),
      });
      measured[which].push(...pairs);
    }
    const made = 2 * (WARM_UP[effort].calls + ROUNDS[effort] * TURN[effort].calls);
    if ((await runsOf(b)) !== made) throw new Error("not all runs are on record");
    if ((await runsOf(a)) !== 0) throw new Error("a gateway recorded runs that should not");
    await twins.ask("stop", undefined);
    await twins.stop();
  }
  await world.stop();
  closeSync(log);
  return (Object.keys(CASES) as Case[]).map((which) => ({
    which,
    cpu: medians(measured[which]),
    ratio: medianInterval(measured[which].map(({ a, b }) => b / a)),
  }));
}

/** Starts one, with an execution on each method that has a target of its own. */
async function startGateway(
  { teardown }: Work,
  twins: Child<TwinsAnswers>,
  { api, targets }: WorldUrls,
  env: Readonly<Record<string, string>>,
): Promise<Gateway> {
  const [{ dataDir }, port] = [await fillStore(teardown, () => []), await freePort()];
  const apiUrl = await twins.ask("start", {
    ...settingsOn(dataDir),
    INTERPOSE_EGRESS_ALLOW: "127.0.0.0/8",
    INTERPOSE_GATEWAY_LISTEN: `127.0.0.1:${port}`,
    INTERPOSE_GATEWAY_UPSTREAM: api,
    INTERPOSE_GATEWAY_DESCRIPTORS: fileURLToPath(new URL("../gateway/proto", import.meta.url)),
    INTERPOSE_RUNS_RETENTION_MAX_RUNS: "0",
    ...env,
  });
  const gateway = { apiUrl, url: `http://127.0.0.1:${port}` };
  for (const which of Object.keys(CASES) as Case[]) {
    const target = { name: which, endpoint: targets[which], restCall: { interruptOnError: true }, timeout: "5s" };
    const { id } = await ask(gateway, "POST", "/v3alpha/targets", target);
    const condition = { request: { method: PATHS[which] } };
    await ask(gateway, "PUT", "/v3alpha/executions", { condition, targets: [{ target: id }] });
  }
  return gateway;
}

/** How many runs are on record of the last week. */
async function runsOf(gateway: Gateway): Promise<number> {
  const { buckets } = await ask(gateway, "GET", "/v1/runs:statistics?periodSeconds=604800&bucketCount=1");
  return Number(buckets?.[0]?.runCount ?? 0);
}

interface Answered {
  readonly id?: string;
  readonly buckets?: readonly { readonly runCount?: string }[];
}

async function ask({ apiUrl }: Gateway, method: string, path: string, body?: unknown): Promise<Answered> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
  const response = await fetch(`${apiUrl}${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return (await response.json()) as Answered;
}
