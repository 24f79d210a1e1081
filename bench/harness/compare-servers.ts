import type { Table, Work } from "./benchmark.ts";
import type { Child } from "./child.ts";
import { number, ratioWithInterval } from "./format.ts";
import type { LoadAnswers, Protocol } from "./load.ts";
import { startLoad, startServer, type Server } from "./server.ts";
import { median, medianInterval, medians, type MedianInterval } from "./statistics.ts";
import type { FilledStore } from "./store.ts";
import { takeTurns, type Pair } from "./turns.ts";

/** Two kinds of server to compare. */
export interface Comparison {
  readonly stores: Pair<FilledStore>;
  /** What is loaded before `interpose serve`. */
  readonly preload?: Pair<URL | undefined>;
  /** How often two servers are started anew: processes of one and the same program differ by some per cent, for as long as they live. */
  readonly pairs: number;
  /** Done with each pair of servers before its calls. */
  readonly before?: (servers: Pair<Server>) => Promise<void>;
  /** Done with each pair of servers after its calls. */
  readonly after?: (servers: Pair<Server>) => Promise<void>;
}

/** What a whole call costs in one protocol. */
export interface ComparedCalls {
  readonly protocol: Protocol;
  /** CPU of the server's process for one call, in microseconds. */
  readonly cpu: Pair<number>;
  readonly ratio: MedianInterval;
  /** What the modules loaded before the servers recorded for one call, and how much more it is in the second kind of server. */
  readonly recorded: { readonly values: Pair<number>; readonly added: MedianInterval } | undefined;
}

/** One turn of one server. */
interface Turn {
  readonly cpu: number;
  readonly recorded: number | undefined;
}

const PROTOCOLS = ["gRPC", "REST"] as const;
const WARM_UP_CALLS = { full: 2_500, quick: 200 };
const CALLS = { full: 400, quick: 100 };
const ROUNDS = { full: 10, quick: 2 };

/** Measures whole calls of two kinds of server in turns, on pair after pair of new processes. */
export async function compareServers(work: Work, comparison: Comparison): Promise<readonly ComparedCalls[]> {
  const load = startLoad(work.teardown);
  const inTurns = async (protocol: Protocol, { a, b }: Pair<Server>): Promise<readonly Pair<Turn>[]> => {
    const each = (server: Server, calls: number) => () => takeTurn(server, load, protocol, calls);
    const [warmUp, calls] = [WARM_UP_CALLS[work.effort], CALLS[work.effort]];
    await takeTurns(1, { a: each(a, warmUp), b: each(b, warmUp) });
    return takeTurns(ROUNDS[work.effort], { a: each(a, calls), b: each(b, calls) });
  };

  const pairs: Record<Protocol, readonly Pair<Turn>[]>[] = [];
  for (let i = 1; i <= comparison.pairs; i++) {
    work.progress(`calling two servers, pair ${i} of ${comparison.pairs}`);
    const servers = await startPair(work, comparison);
    await comparison.before?.(servers);
    pairs.push({ gRPC: await inTurns("gRPC", servers), REST: await inTurns("REST", servers) });
    await comparison.after?.(servers);
    await Promise.all([servers.a.stop(), servers.b.stop()]);
  }
  await load.stop();
  return PROTOCOLS.map((protocol) => {
    const turns = pairs.map((pair) => pair[protocol]);
    const cpu = turns.map((pair) => pair.map(({ a, b }) => ({ a: a.cpu, b: b.cpu })));
    return {
      protocol,
      cpu: medians(cpu.flat()),
      ratio: medianInterval(cpu.map((pair) => median(pair.map(({ a, b }) => b / a)))),
      recorded: recordedIn(turns),
    };
  });
}

/** Lets a server answer a number of calls. */
async function takeTurn(server: Server, load: Child<LoadAnswers>, protocol: Protocol, calls: number): Promise<Turn> {
  await server.recorded();
  const before = await server.cpuMicroseconds();
  await load.ask("call", { url: server.url, protocol, calls });
  const cpu = ((await server.cpuMicroseconds()) - before) / calls;
  return { cpu, recorded: await server.recorded() };
}

function recordedIn(turns: readonly (readonly Pair<Turn>[])[]): ComparedCalls["recorded"] {
  const values = turns.map((pair) =>
    pair.flatMap(({ a: { recorded: a }, b: { recorded: b } }) =>
      a === undefined || b === undefined ? [] : [{ a, b }],
    ),
  );
  if (values.some((pair) => pair.length === 0)) return undefined;
  return {
    values: medians(values.flat()),
    added: medianInterval(values.map((pair) => median(pair.map(({ a, b }) => b - a)))),
  };
}

async function startPair({ teardown }: Work, { stores, preload }: Comparison): Promise<Pair<Server>> {
  const start = (side: keyof Pair<unknown>): Promise<Server> =>
    startServer(teardown, stores[side].dataDir, { preload: preload?.[side] });
  const [a, b] = await Promise.all([start("a"), start("b")]);
  return { a, b };
}

/** The table of whole calls. */
export function comparedCallsTable(calls: readonly ComparedCalls[], sides: Pair<string>, note: string): Table {
  return {
    title: "A whole call, in microseconds of CPU",
    note: `CPU of the process of \`interpose serve\` for one ListExecutionFunctions that nothing hooks, called from another process, with an embedded store. Both have the same size of young generation. ${note} The ratio is the median of pairs of servers, with its interval of confidence of 95 %.`,
    columns: ["protocol", sides.a, sides.b, "ratio"],
    rows: calls.map(({ protocol, cpu, ratio }) => [protocol, number(cpu.a), number(cpu.b), ratioWithInterval(ratio)]),
  };
}
