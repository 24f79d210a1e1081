import type { Benchmark, Bound, Findings, Table, Work } from "../harness/benchmark.ts";
import { comparedCallsTable, type ComparedCalls } from "../harness/compare-servers.ts";
import { startChild } from "../harness/child.ts";
import { number, percent, ratio } from "../harness/format.ts";
import { median, medians } from "../harness/statistics.ts";
import type { Pair } from "../harness/turns.ts";
import { CALLED, HOOKED_BY, STORED, type Lookups } from "./cases.ts";
import type { InProcessAnswers } from "./in-process.ts";
import { measureServed, type Served } from "./served.ts";

/** Processes for the look-ups, each with names, hashes and memory of its own. */
const PROCESSES = { full: 9, quick: 1 };
const ROUNDS = { full: 40, quick: 4 };
const MOST_RATIO = 1.2;

export const benchmark: Benchmark = {
  claim: `With ${grouped(STORED.b)} executions stored, routing a call takes the same time as with ${STORED.a}: the ratio is under ${MOST_RATIO}.`,
  async measure(work) {
    const { lookups, compile } = await measureInProcess(work);
    const served = await measureServed(work);
    return findingsOf(lookups, compile, served);
  },
};

async function measureInProcess({ effort, progress, teardown }: Work): Promise<{
  readonly lookups: readonly Lookups[];
  readonly compile: Pair<number>;
}> {
  const processes: (readonly Lookups[])[] = [];
  const compiles: Pair<number>[] = [];
  for (let i = 1; i <= PROCESSES[effort]; i++) {
    progress(`looking plans up, process ${i} of ${PROCESSES[effort]}`);
    const child = startChild<InProcessAnswers>(teardown, new URL("./in-process.ts", import.meta.url));
    processes.push(await child.ask("measure", { rounds: ROUNDS[effort] }));
    compiles.push(await child.ask("compile", { rounds: ROUNDS[effort] }));
    await child.stop();
  }
  const lookups = (processes[0] ?? []).map((row, i) => {
    const all = processes.flatMap((rows) => rows[i] ?? []);
    return { ...row, nanoseconds: medians(all.map(({ nanoseconds }) => nanoseconds)), ratio: medianRatio(all) };
  });
  return { lookups, compile: medians(compiles) };
}

function medianRatio(rows: readonly Lookups[]): number {
  return median(rows.map((row) => row.ratio));
}

function findingsOf(lookups: readonly Lookups[], compile: Pair<number>, served: Served): Findings {
  const calls = lookups.filter(({ how }) => how === "call");
  const cheapest = Math.min(...served.calls.map(({ cpu }) => cpu.a));
  const added = ({ nanoseconds: { a, b } }: Lookups): number => (b - a) / 1_000;
  const dearest = lookups.reduce((most, each) => (added(each) > added(most) ? each : most));
  return {
    tables: [
      lookupTable(
        "Routing a call, in nanoseconds",
        `Finding both plans of a call, request and response, as a host does it (\`createPlanFinder\`). ${HOW_TO_READ} A hit among ${grouped(CALLED.many)} methods has no bound: it reads the plan that it found, one of thousands, and those are larger than the caches close to the processor, in whatever way they are found.`,
        calls,
      ),
      lookupTable(
        "The look-ups behind it, in nanoseconds",
        `The same by \`planForMethod\` alone: what the first call of a method costs after the executions have changed. No bound: with ${grouped(STORED.b)} executions the maps have longer chains, and are larger than the caches close to the processor. ${HOW_TO_READ}`,
        lookups.filter(({ how }) => how === "maps"),
      ),
      comparedCallsTable(
        served.calls,
        { a: `${STORED.a} stored`, b: `${grouped(STORED.b)} stored` },
        "The store of each server really holds the executions.",
      ),
      changeTable(compile, served),
    ],
    bounds: [...calls.filter(isBounded).map(boundOfLookups), ...served.calls.map(boundOfServed)],
    meaning: `With ${grouped(STORED.b)} executions stored, the dearest routing of a call that was measured (${describe(dearest)}${dearest.how === "maps" ? ", each looked up as after a change" : ""}) takes ${number(added(dearest))} µs more than with ${STORED.a}, which is ${percent(added(dearest) / cheapest)} of the ${number(cheapest)} µs of CPU of the cheapest whole call.`,
  };
}

const HOW_TO_READ = `"${CALLED.few} methods": the same methods are called in both cases, as those of one API are. "${grouped(CALLED.many)} methods": as many are called in both cases, in an order of chance. Medians of ${PROCESSES.full} processes, both cases in turns.`;

/** All but the hits among very many methods; the table says why. */
function isBounded({ called, hookedBy }: Lookups): boolean {
  return called === "few" || hookedBy === "nothing" || hookedBy === "all";
}

function describe({ called, hookedBy }: Lookups): string {
  return `hooked by ${hookedBy}, ${grouped(CALLED[called])} methods`;
}

function boundOfLookups(row: Lookups): Bound {
  return { what: `routing a call, ${describe(row)}`, measured: row.ratio, under: MOST_RATIO, format: ratio };
}

function boundOfServed({ protocol, ratio: measured }: ComparedCalls): Bound {
  return { what: `CPU of a whole ${protocol} call`, measured: measured.median, under: MOST_RATIO, format: ratio };
}

function lookupTable(title: string, note: string, rows: readonly Lookups[]): Table {
  const order = ({ called, hookedBy }: Lookups): number => (called === "few" ? 0 : 10) + HOOKED_BY.indexOf(hookedBy);
  return {
    title,
    note,
    columns: ["calls", `${STORED.a} stored`, `${grouped(STORED.b)} stored`, "ratio"],
    rows: rows
      .toSorted((x, y) => order(x) - order(y))
      .map((row) => [describe(row), number(row.nanoseconds.a), number(row.nanoseconds.b), ratio(row.ratio)]),
  };
}

function changeTable(compile: Pair<number>, { setExecution, setExecutionCpu }: Served): Table {
  const row = (title: string, { a, b }: Pair<number>): readonly string[] => [title, number(a), number(b)];
  return {
    title: "A change, in milliseconds",
    note: "What grows with the number of executions is a change of them. Medians, no bound.",
    columns: ["work", `${STORED.a} stored`, `${grouped(STORED.b)} stored`],
    rows: [
      row("compileSnapshot", compile),
      row("SetExecution, until it answers", setExecution),
      row("SetExecution, CPU of the server", setExecutionCpu),
    ],
  };
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}
