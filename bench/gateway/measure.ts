import type { Work } from "../harness/benchmark.ts";
import { startChild } from "../harness/child.ts";
import { median } from "../harness/statistics.ts";
import { inTurns } from "../harness/turns.ts";
import type { CallersAnswers, CallersFound } from "./callers.ts";
import { CALLERS, pathOf, SHAPES, type Shape, type Way } from "./cases.ts";
import { measureLatency, measureThroughput, type Latency, type Throughput } from "./load.ts";
import { CORES, moveToCore, useOf } from "./programs.ts";
import { startWays, type Ways } from "./ways.ts";

const EFFORTS = { full: { rounds: 5, callerRounds: 9, seconds: 3 }, quick: { rounds: 1, callerRounds: 1, seconds: 1 } };
/** Share of what the slowest proxy can do at which times are compared, so that none of them is full. */
const RATE_SHARE = 0.5;
/** Turns of the callers that do not count: their own process has to be warm too. */
const WARM_UP_TURNS = 3;

/** What one way gave with one shape of load. */
export interface Measured extends Throughput, Latency {}

/** What was found. */
export interface Measurements {
  readonly shapes: Readonly<Record<keyof typeof SHAPES, Shaped>>;
  /** The most memory that each process has had, in MiB. */
  readonly peakMib: Readonly<Record<Exclude<Way, "hooked">, number>>;
  /** Times of calls of 50 callers without a target and with one. */
  readonly callers: {
    readonly rate: number;
    readonly gateway: Latency;
    readonly hooked: Latency;
    /** How many of them called the target. */
    readonly calls: number;
  };
}

/** One shape of load. */
export interface Shaped {
  /** Calls per second at which times were measured. */
  readonly rate: number;
  readonly ways: Readonly<Record<Way, Measured>>;
}

/** Measures all ways in turns. */
export async function measure(work: Work): Promise<Measurements> {
  const started = await startWays(work.teardown);
  const before = await started.target.calls();
  const shapes = {
    multiplexed: await measureShape(work, started, SHAPES.multiplexed),
    single: await measureShape(work, started, SHAPES.single),
  };
  const callers = await measureCallers(work, started, shapes.multiplexed.ways.hooked.callsPerSecond);
  if ((await started.target.calls()) - before < callers.calls) throw new Error("the target was not called");
  const { direct, nginx, gateway } = started.ways;
  const peakMib = {
    direct: useOf(direct.pid).peakMib,
    nginx: useOf(nginx.pid).peakMib,
    gateway: useOf(gateway.pid).peakMib,
  };
  return { shapes, callers, peakMib };
}

async function measureShape(work: Work, { ways, bodyFile }: Ways, shape: Shape): Promise<Shaped> {
  const { rounds, seconds } = EFFORTS[work.effort];
  const names = Object.keys(ways) as Way[];
  const calledBy = (way: Way): { url: string; bodyFile: string; shape: Shape; seconds: number } => ({
    url: `${ways[way].url}${pathOf(way)}`,
    bodyFile,
    shape,
    seconds,
  });
  // A turn that does not count comes first: whatever warms up does so there.
  const throughputs = await inTurns(rounds + 1, names, (way, round) => {
    work.progress(`${shape.name}: ${way}, ${round} of ${rounds}`);
    return measureThroughput(calledBy(way), ways[way].pid);
  });
  const counted = (way: Way): readonly Throughput[] => throughputs.get(way)?.slice(1) ?? [];
  const fastest = (way: Way): number => median(counted(way).map(({ callsPerSecond }) => callsPerSecond));
  // What is hooked does much more for a call, and is compared with nothing else here.
  const compared: readonly Way[] = names.filter((way) => way !== "hooked");
  const rate = RATE_SHARE * Math.min(...compared.map(fastest));
  const latencies = await inTurns(rounds, compared, (way) => measureLatency(calledBy(way), rate));
  const hookedRate = RATE_SHARE * fastest("hooked");
  const hooked = await inTurns<Way, Latency>(rounds, ["hooked"], (way) => measureLatency(calledBy(way), hookedRate));
  const measured = names.map((way) => {
    const times = latencies.get(way) ?? hooked.get("hooked") ?? [];
    return [
      way,
      {
        callsPerSecond: fastest(way),
        cpu: median(counted(way).map(({ cpu }) => cpu)),
        p50: median(times.map(({ p50 }) => p50)),
        p99: median(times.map(({ p99 }) => p99)),
      },
    ] as const;
  });
  return { rate, ways: Object.fromEntries(measured) as Record<Way, Measured> };
}

async function measureCallers(work: Work, { ways }: Ways, most: number): Promise<Measurements["callers"]> {
  const { callerRounds: rounds, seconds } = EFFORTS[work.effort];
  const nodeFlags = ["--min-semi-space-size=32", "--max-semi-space-size=32", "--v8-pool-size=1"];
  // With a young generation of the usual size, its own collections would show as times of those who are called.
  const child = startChild<CallersAnswers>(work.teardown, new URL("./callers.ts", import.meta.url), { nodeFlags });
  moveToCore(child.process.pid ?? 0, CORES.others);
  const rate = Math.round(RATE_SHARE * most);
  const turns = await inTurns<Way, CallersFound>(rounds + WARM_UP_TURNS, ["gateway", "hooked"], (way, round) => {
    work.progress(`${CALLERS} callers: ${way}, ${round + 1} of ${rounds + WARM_UP_TURNS}`);
    return child.ask("measure", { url: ways[way].url, path: pathOf(way), callers: CALLERS, rate, seconds });
  });
  const latencyOf = (way: Way): Latency => {
    const times = turns.get(way)?.slice(WARM_UP_TURNS) ?? [];
    return { p50: median(times.map(({ p50 }) => p50)), p99: median(times.map(({ p99 }) => p99)) };
  };
  const calls = (turns.get("hooked") ?? []).reduce((sum, turn) => sum + turn.calls, 0);
  return { rate, gateway: latencyOf("gateway"), hooked: latencyOf("hooked"), calls };
}
