import type { Work } from "../harness/benchmark.ts";
import { compareServers, type ComparedCalls } from "../harness/compare-servers.ts";
import { executionsThatMatchNothing } from "../harness/executions.ts";
import { ADMIN_TOKEN, type Server } from "../harness/server.ts";
import { medians } from "../harness/statistics.ts";
import { fillStore, type FilledStore } from "../harness/store.ts";
import { takeTurns, type Pair } from "../harness/turns.ts";
import { STORED } from "./cases.ts";

/** What servers do whose stores hold few and many executions. */
export interface Served {
  readonly calls: readonly ComparedCalls[];
  /** Milliseconds until SetExecution answers. */
  readonly setExecution: Pair<number>;
  /** Milliseconds of CPU of the server's process for it. */
  readonly setExecutionCpu: Pair<number>;
}

/** One SetExecution. */
interface Change {
  readonly elapsed: number;
  readonly cpu: number;
}

const PAIRS = { full: 7, quick: 1 };
const CHANGES = { full: 16, quick: 2 };

/** Measures whole calls of `interpose serve`, with stores that really hold the executions, and changes of them. */
export async function measureServed(work: Work): Promise<Served> {
  work.progress(`filling two stores, with ${STORED.a} and ${STORED.b} executions`);
  const fill = (count: number): Promise<FilledStore> =>
    fillStore(work.teardown, (targetId) => executionsThatMatchNothing(count, targetId));
  const stores = { a: await fill(STORED.a), b: await fill(STORED.b) };
  const change = { a: changer(stores.a), b: changer(stores.b) };
  const changes: Pair<Change>[] = [];
  const calls = await compareServers(work, {
    stores,
    pairs: PAIRS[work.effort],
    async after({ a, b }) {
      changes.push(...(await takeTurns(CHANGES[work.effort], { a: () => change.a(a), b: () => change.b(b) })));
    },
  });
  return {
    calls,
    setExecution: medians(changes.map(({ a, b }) => ({ a: a.elapsed, b: b.elapsed }))),
    setExecutionCpu: medians(changes.map(({ a, b }) => ({ a: a.cpu, b: b.cpu }))),
  };
}

/** A store's SetExecution that changes something each time: the same list again would be no change. */
function changer({ targetIds }: FilledStore): (server: Server) => Promise<Change> {
  let changes = 0;
  return async ({ url, cpuMicroseconds }) => {
    const body = {
      condition: { event: { event: "acme.benchmark.ended" } },
      targets: [{ target: targetIds[++changes % 2] }],
    };
    const cpuBefore = await cpuMicroseconds();
    const start = performance.now();
    const response = await fetch(`${url}/v3alpha/executions`, {
      method: "PUT",
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    const elapsed = performance.now() - start;
    const { details } = JSON.parse(text) as { details?: { sequence?: string } };
    if (details?.sequence !== String(changes)) throw new Error(`SetExecution changed nothing, and answered: ${text}`);
    return { elapsed, cpu: ((await cpuMicroseconds()) - cpuBefore) / 1_000 };
  };
}
