import type { Benchmark, Findings, Table, Work } from "../harness/benchmark.ts";
import { startChild, type Child } from "../harness/child.ts";
import { comparedCallsTable, type ComparedCalls } from "../harness/compare-servers.ts";
import { number, percent, ratioWithInterval } from "../harness/format.ts";
import { median, medianInterval, medians, type MedianInterval } from "../harness/statistics.ts";
import { takeTurns, type Pair } from "../harness/turns.ts";
import { FORMS, STORED, type Form } from "./cases.ts";
import type { InProcessAnswers } from "./in-process.ts";
import { measureServed } from "./served.ts";

const MOST_SHARE = 0.01;
/** Pairs of processes for the calls without a server. */
const PAIRS = { full: 9, quick: 1 };
/** How many calls are measured at a time, how often, and what is left out while the program warms up. */
const TURNS = { full: { calls: 3_000, rounds: 40, warmUp: 12 }, quick: { calls: 600, rounds: 4, warmUp: 1 } };

/** What the own API takes for one call, without what the protocols need around it. */
interface Invoked {
  readonly where: string;
  /** Nanoseconds for one call, without the engine and with it. */
  readonly nanoseconds: Pair<number>;
  /** Nanoseconds that the engine adds. */
  readonly added: MedianInterval;
  /** The whole call that this is a part of. */
  readonly whole: ComparedCalls;
}

export const benchmark: Benchmark = {
  claim: `A call that no execution matches costs the own API under ${MOST_SHARE * 100} % more than with the engine absent, measured as CPU per call.`,
  async measure(work) {
    const inProcess = await measureInProcess(work);
    const served = await measureServed(work);
    const cheapest = served.reduce((least, each) => (each.cpu.a < least.cpu.a ? each : least));
    const inServers = served.map((whole): Invoked => {
      if (!whole.recorded) throw new Error(`the servers recorded nothing for ${whole.protocol}`);
      const { values, added } = whole.recorded;
      return { where: `in a server, ${whole.protocol}`, nanoseconds: values, added, whole };
    });
    return findingsOf([{ ...inProcess, where: "in a loop", whole: cheapest }, ...inServers], served);
  },
};

async function measureInProcess({ effort, progress, teardown }: Work): Promise<Pick<Invoked, "nanoseconds" | "added">> {
  const { calls, rounds, warmUp } = TURNS[effort];
  const pairs: (readonly Pair<number>[])[] = [];
  for (let i = 1; i <= PAIRS[effort]; i++) {
    progress(`calling in a loop, pair of processes ${i} of ${PAIRS[effort]}`);
    const start = (form: Form): Child<InProcessAnswers> =>
      startChild<InProcessAnswers>(teardown, new URL("./in-process.ts", import.meta.url), { args: [form] });
    const [a, b] = [start(FORMS.a), start(FORMS.b)];
    const turns = await takeTurns(rounds, {
      a: () => a.ask("measure", { calls }),
      b: () => b.ask("measure", { calls }),
    });
    pairs.push(turns.slice(warmUp));
    await Promise.all([a.stop(), b.stop()]);
  }
  return {
    nanoseconds: medians(pairs.flat()),
    added: medianInterval(pairs.map((pair) => median(pair.map(({ a, b }) => b - a)))),
  };
}

function findingsOf(invoked: readonly Invoked[], served: readonly ComparedCalls[]): Findings {
  const dearest = invoked.reduce((most, each) => (shareOf(each).median > shareOf(most).median ? each : most));
  const ratios = served.map(({ protocol, ratio }) => `${ratioWithInterval(ratio)} in ${protocol}`);
  return {
    tables: [
      invokedTable(invoked),
      comparedCallsTable(
        served,
        { a: "engine absent", b: "with engine" },
        "In the first kind of server, the own API is replaced by one without the engine before it is loaded (`replace-own-api.ts`), and its store has no executions. Processes of one and the same program differ by more than what is looked for here, which is why the bounds are on the sharper measure above.",
      ),
    ],
    bounds: invoked.map((each) => ({
      what: `what the engine adds, ${each.where}, of the CPU of a whole ${each.whole.protocol} call (upper end of the interval)`,
      measured: shareOf(each).high,
      under: MOST_SHARE,
      format: percent,
    })),
    meaning: `With ${STORED.toLocaleString("en-US")} executions in force that match something else, a call pays at most ${number(dearest.added.median / 1_000)} µs for the engine (${dearest.where}), which is ${percent(shareOf(dearest).median)} of the ${number(dearest.whole.cpu.a)} µs of CPU of the whole call; the whole calls, measured for themselves, have the ratio ${ratios.join(" and ")}.`,
  };
}

/** What the engine adds, as a share of the CPU of the whole call without it. */
function shareOf({ added, whole }: Invoked): MedianInterval {
  const share = (nanoseconds: number): number => nanoseconds / 1_000 / whole.cpu.a;
  return { median: share(added.median), low: share(added.low), high: share(added.high) };
}

function invokedTable(invoked: readonly Invoked[]): Table {
  return {
    title: "A call within the own API, in nanoseconds",
    note: `\`OwnMethod.invoke\` of ListExecutionFunctions: permission, validation and handler, without the engine and with it. "in a loop": one call after another in a process without a server, as the processor likes it best; a whole call is then the cheapest of the next table. "in a server": timed within \`interpose serve\`, each call between all else that it needs; the clock costs both forms the same. Each form has processes of its own, which take turns. Intervals are of confidence of 95 %.`,
    columns: ["where", "engine absent", "with engine", "the engine adds", "of a whole call"],
    rows: invoked.map((each) => {
      const { where, nanoseconds, added } = each;
      return [
        where,
        number(nanoseconds.a),
        number(nanoseconds.b),
        `${number(added.median)} (${number(added.low)} to ${number(added.high)})`,
        percent(shareOf(each).median),
      ];
    }),
  };
}
