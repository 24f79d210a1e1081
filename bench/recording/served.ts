import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Work } from "../harness/benchmark.ts";
import { startChild } from "../harness/child.ts";
import { freePort } from "../harness/free-port.ts";
import { ADMIN_TOKEN, startServer, type Server } from "../harness/server.ts";
import { median, medianInterval, medians, type MedianInterval } from "../harness/statistics.ts";
import { fillStore, type FilledStore } from "../harness/store.ts";
import { takeTurns, type Pair } from "../harness/turns.ts";
import { CASES, PATHS, type Case } from "./cases.ts";
import type { WorldAnswers, WorldUrls } from "./world.ts";

/** Pairs of servers, started anew: processes of one and the same program differ by some per cent, for as long as they live. */
const PAIRS = { full: 6, quick: 1 };
const WARM_UP_CALLS = { full: 1_500, quick: 200 };
const CALLS = { full: 300, quick: 100 };
const ROUNDS = { full: 8, quick: 2 };
/** What is recorded of a turn is written within so long, and counts as that turn's. */
const WRITTEN_MS = 400;

/** What a hooked call costs without the record, and with it. */
export interface RecordedCalls {
  readonly which: Case;
  /** CPU of the gateway's process for one call, in microseconds. */
  readonly cpu: Pair<number>;
  readonly ratio: MedianInterval;
}

interface Gateway {
  readonly server: Server;
  readonly url: string;
}

/** Measures hooked calls of gateways, of which one records nothing and the other everything. */
export async function measureRecording(work: Work): Promise<readonly RecordedCalls[]> {
  const { teardown, effort, progress } = work;
  const world = startChild<WorldAnswers>(teardown, new URL("./world.ts", import.meta.url));
  const urls = await world.ask("open", undefined);
  const stores: Pair<FilledStore> = { a: await fillStore(teardown, () => []), b: await fillStore(teardown, () => []) };
  const pairs: Record<Case, readonly Pair<number>[]>[] = [];
  for (let i = 1; i <= PAIRS[effort]; i++) {
    progress(`calling two gateways, pair ${i} of ${PAIRS[effort]}`);
    const [a, b] = await Promise.all([
      startGateway(work, stores.a, urls, { INTERPOSE_RUNS_RECORD: "off" }),
      startGateway(work, stores.b, urls, { INTERPOSE_RUNS_MAX_PER_SECOND: "0" }),
    ]);
    if (i === 1) for (const { server } of [a, b]) await hook(server, urls);
    const recorded = await runsOf(b.server);
    const turn =
      ({ server, url }: Gateway, which: Case, calls: number) =>
      async (): Promise<number> => {
        const before = await server.cpuMicroseconds();
        await world.ask("call", { url, which, calls });
        await setTimeout(WRITTEN_MS);
        return ((await server.cpuMicroseconds()) - before) / calls;
      };
    const inTurns = async (which: Case): Promise<readonly Pair<number>[]> => {
      await takeTurns(1, { a: turn(a, which, WARM_UP_CALLS[effort]), b: turn(b, which, WARM_UP_CALLS[effort]) });
      return takeTurns(ROUNDS[effort], { a: turn(a, which, CALLS[effort]), b: turn(b, which, CALLS[effort]) });
    };
    pairs.push({ watched: await inTurns("watched"), changed: await inTurns("changed") });
    const made = 2 * (WARM_UP_CALLS[effort] + ROUNDS[effort] * CALLS[effort]);
    if ((await runsOf(b.server)) - recorded !== made) throw new Error("not all runs are on record");
    if ((await runsOf(a.server)) !== 0) throw new Error("a server recorded runs that should not");
    await Promise.all([a.server.stop(), b.server.stop()]);
  }
  await world.stop();
  return (Object.keys(CASES) as Case[]).map((which) => {
    const cpu = pairs.map((pair) => pair[which]);
    return {
      which,
      cpu: medians(cpu.flat()),
      ratio: medianInterval(cpu.map((turns) => median(turns.map(({ a, b }) => b / a)))),
    };
  });
}

async function startGateway(
  { teardown }: Work,
  { dataDir }: FilledStore,
  { api }: WorldUrls,
  env: Readonly<Record<string, string>>,
): Promise<Gateway> {
  const port = await freePort();
  const server = await startServer(teardown, dataDir, {
    env: {
      INTERPOSE_EGRESS_ALLOW: "127.0.0.0/8",
      INTERPOSE_GATEWAY_LISTEN: `127.0.0.1:${port}`,
      INTERPOSE_GATEWAY_UPSTREAM: api,
      INTERPOSE_GATEWAY_DESCRIPTORS: fileURLToPath(new URL("../gateway/proto", import.meta.url)),
      INTERPOSE_RUNS_RETENTION_MAX_RUNS: "0",
      ...env,
    },
  });
  return { server, url: `http://127.0.0.1:${port}` };
}

/** Sets an execution on each method, with a target of its own. */
async function hook(server: Server, { targets }: WorldUrls): Promise<void> {
  for (const which of Object.keys(CASES) as Case[]) {
    const target = { name: which, endpoint: targets[which], restCall: { interruptOnError: true }, timeout: "5s" };
    const { id } = await ask(server, "POST", "/v3alpha/targets", target);
    const condition = { request: { method: PATHS[which] } };
    await ask(server, "PUT", "/v3alpha/executions", { condition, targets: [{ target: id }] });
  }
}

/** How many runs are on record of the last week. */
async function runsOf(server: Server): Promise<number> {
  const { buckets } = await ask(server, "GET", "/v1/runs:statistics?periodSeconds=604800&bucketCount=1");
  return Number(buckets?.[0]?.runCount ?? 0);
}

interface Answered {
  readonly id?: string;
  readonly buckets?: readonly { readonly runCount?: string }[];
}

async function ask({ url }: Server, method: string, path: string, body?: unknown): Promise<Answered> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
  const response = await fetch(`${url}${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return (await response.json()) as Answered;
}
