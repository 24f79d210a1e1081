import type { Benchmark, Bound, Findings, Table } from "../harness/benchmark.ts";
import { number, ratio } from "../harness/format.ts";
import { CALLERS, SHAPES, WAY_NAMES, type Way } from "./cases.ts";
import { measure, type Measured, type Measurements, type Shaped } from "./measure.ts";
import { picture } from "../harness/picture.ts";
import { missingPrograms } from "./programs.ts";

/** How many times nginx's calls the gateway passes at least, and which share of nginx's CPU a call may cost. */
const LEAST = {
  multiplexed: { calls: 2.5, cpu: 0.35 },
  single: { calls: 1.3, cpu: 0.7 },
};
/** Milliseconds that a target may add. */
const TARGET_MS = { p50: 1, p99: 3 };

export const benchmark: Benchmark = {
  claim: `What nothing hooks passes the gateway at ${LEAST.multiplexed.calls} times nginx's calls per core where calls share connections, and ${LEAST.single.calls} times where each has its own, and no slower; a call target adds under ${TARGET_MS.p50} ms.`,
  async measure(work) {
    const missing = missingPrograms();
    if (missing.length > 0)
      throw new Error(`this benchmark needs Linux and programs that are not here: ${missing.join(", ")}`);
    return findingsOf(await measure(work));
  },
};

function findingsOf(measured: Measurements): Findings {
  const { shapes, callers } = measured;
  const { multiplexed, single } = shapes;
  return {
    tables: [
      shapeTable(SHAPES.multiplexed.name, multiplexed),
      shapeTable(SHAPES.single.name, single),
      callersTable(callers),
      memoryTable(measured),
    ],
    bounds: [
      ...boundsOf("multiplexed", multiplexed),
      ...boundsOf("single", single),
      ...(["p50", "p99"] as const).map((which) => ({
        what: `${which} that a no-op call target adds to a call, with ${CALLERS} callers`,
        measured: callers.hooked[which] - callers.gateway[which],
        under: TARGET_MS[which],
        format: milliseconds,
      })),
    ],
    meaning: meaningOf(measured),
    picture: picture([
      bars(
        "Calls per second on one core, 5 connections of 10 streams",
        multiplexed,
        ({ callsPerSecond }) => callsPerSecond,
        thousands,
      ),
      bars(
        "Calls per second on one core, 100 connections of one stream",
        single,
        ({ callsPerSecond }) => callsPerSecond,
        thousands,
      ),
      bars("CPU for one call, 5 connections of 10 streams", multiplexed, ({ cpu }) => cpu, microseconds),
      bars("CPU for one call, 100 connections of one stream", single, ({ cpu }) => cpu, microseconds),
    ]),
  };
}

function boundsOf(name: keyof typeof SHAPES, { ways }: Shaped): readonly Bound[] {
  const { nginx, gateway } = ways;
  const where = SHAPES[name].name;
  return [
    {
      what: `nginx's calls for one of the gateway, ${where} (1 / ${LEAST[name].calls})`,
      measured: nginx.callsPerSecond / gateway.callsPerSecond,
      under: 1 / LEAST[name].calls,
      format: ratio,
    },
    {
      what: `the gateway's CPU for a call, of nginx's, ${where}`,
      measured: gateway.cpu / nginx.cpu,
      under: LEAST[name].cpu,
      format: ratio,
    },
    {
      what: `the gateway's p99, of nginx's at the same rate, ${where}`,
      measured: gateway.p99 / nginx.p99,
      under: 1,
      format: ratio,
    },
  ];
}

function meaningOf({ shapes: { multiplexed, single }, callers }: Measurements): string {
  const added = `One call target that changes nothing adds ${milliseconds(callers.hooked.p50 - callers.gateway.p50)} to a call in the middle, and ${milliseconds(callers.hooked.p99 - callers.gateway.p99)} at p99.`;
  const times = ({ ways: { nginx, gateway } }: Shaped): string => ratio(gateway.callsPerSecond / nginx.callsPerSecond);
  return `On one core, the gateway passes ${times(multiplexed)} times the calls of nginx where calls share connections, and ${times(single)} times where each has its own. ${added}`;
}

function shapeTable(name: string, { rate, ways }: Shaped): Table {
  return {
    title: name,
    note: `Unary gRPC calls of some 15 bytes each way. What is measured has one core; h2load, the API (nghttpd), the target (nginx) and the gateway's PostgreSQL share the other, so what they use up bounds "nothing" and the gateway alike. Calls per second and CPU as fast as it goes; p50 and p99 at ${number(rate)} calls per second, half of what the slowest can do, and for what is hooked at half of what that can do. Medians of turns. h2load sends what is due every 10 ms, so that times are those of short bursts.`,
    columns: ["between client and API", "calls/s", "CPU per call, µs", "p50, ms", "p99, ms"],
    rows: (Object.entries(ways) as [Way, Measured][]).map(([way, { callsPerSecond, cpu, p50, p99 }]) => [
      WAY_NAMES[way],
      number(callsPerSecond),
      number(cpu),
      number(p50),
      number(p99),
    ]),
  };
}

function callersTable({ rate, gateway, hooked }: Measurements["callers"]): Table {
  const row = (name: string, p50: number, p99: number): readonly string[] => [name, number(p50), number(p99)];
  return {
    title: `What a target adds, with ${CALLERS} callers`,
    note: `Each makes a call, pauses for a random time, and makes another one: ${rate} calls per second together, half of what the gateway can do with the target. Times are those that the callers see, in milliseconds; their process, the API, the target and the gateway's PostgreSQL share a core. Medians of turns.`,
    columns: ["", "p50, ms", "p99, ms"],
    rows: [
      row(WAY_NAMES.gateway, gateway.p50, gateway.p99),
      row(WAY_NAMES.hooked, hooked.p50, hooked.p99),
      row("added", hooked.p50 - gateway.p50, hooked.p99 - gateway.p99),
    ],
  };
}

function memoryTable({ peakMib }: Measurements): Table {
  return {
    title: "The most memory that each process had, in MiB",
    note: "Resident memory at its peak, over the whole run. The gateway's process is all of `interpose serve`, but for its embedded PostgreSQL.",
    columns: ["process", "MiB"],
    rows: (Object.entries(peakMib) as [Way, number][]).map(([way, mib]) => [
      way === "direct" ? "the API" : way === "nginx" ? "nginx, one worker" : "the gateway",
      number(mib),
    ]),
  };
}

function bars(
  title: string,
  { ways }: Shaped,
  valueOf: (measured: Measured) => number,
  format: (value: number) => string,
): Parameters<typeof picture>[0][number] {
  return {
    title,
    bars: (Object.entries(ways) as [Way, Measured][])
      // "Nothing" has no CPU of its own: what is measured there is the API.
      .filter(([way]) => way !== "direct" || format === thousands)
      .map(([way, measured]) => {
        const value = valueOf(measured);
        return { label: WAY_NAMES[way], value, text: format(value), isOurs: way === "gateway" || way === "hooked" };
      }),
  };
}

const thousands = (value: number): string => `${(value / 1_000).toFixed(1)}k`;
const microseconds = (value: number): string => `${number(value)} µs`;
const milliseconds = (value: number): string => `${number(value)} ms`;
