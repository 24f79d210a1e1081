import type { Benchmark, Bound, Findings } from "../harness/benchmark.ts";
import { number, ratio } from "../harness/format.ts";
import { picture } from "../harness/picture.ts";
import { median } from "../harness/statistics.ts";
import { RATE, SIZES, WORKERS, type Beside, type Sizes } from "./cases.ts";
import type { ContestantName } from "./contestants/contestant.ts";
import { timesBeside } from "./fairness.ts";
import { measure, type Measurements } from "./measure.ts";
import { middlesOf, speedRatios, type Drained } from "./saturation.ts";
import { nameOf, costTable, fairnessTable, latencyTable, saturationTable, workersText } from "./tables.ts";

/** Milliseconds that one of twenty may take longer than, at most. */
const P95_MS = { acknowledged: 5, delivered: 50, pickedUp: 15 };
/** How much slower a publish may be with the largest backlog, and how much later deliveries may come beside a target that is not well. */
const AT_MOST = { publish: 1.1, beside: 1.2 };

/**
 * Whom Interpose has to be ahead of: of what it would be on the faster library, with all that it keeps on record of a delivery, and of the other one even without. The faster library by
 * itself, which forgets each job that is done, says what the record costs.
 */
const OTHERS = ["graphile-worker with a record", "pg-boss"] as const;

export const benchmark: Benchmark = {
  claim: `At ${RATE} events per second, an event is safe within ${P95_MS.acknowledged} ms and delivered within ${P95_MS.delivered} ms (p95), and within ${P95_MS.pickedUp} ms when nothing else is going on; what waits is delivered faster than by pg-boss, and by graphile-worker where that has to keep the same record; neither what waits nor a target that fails slows others.`,
  async measure(work) {
    return findingsOf(await measure(work), SIZES[work.effort]);
  },
};

function findingsOf(measured: Measurements, sizes: Sizes): Findings {
  const { latencies, publishCosts, fairness } = measured;
  const drained = middlesOf(measured.drains);
  return {
    tables: [
      latencyTable(latencies, sizes),
      saturationTable(drained),
      costTable(publishCosts),
      fairnessTable(fairness),
    ],
    bounds: [
      ...latencyBounds(measured),
      ...WORKERS.flatMap((workers) => OTHERS.map((other) => speedBound(measured, workers, other))),
      publishBound(measured),
      ...(["dead", "slow", "backlog"] as const).map((beside) => fairnessBound(measured, beside)),
    ],
    meaning: meaningOf(measured, drained),
    picture: picture([
      {
        title: "Deliveries per second, of what waits",
        bars: drained.map(({ contestant, workers, perSecond }) => ({
          label: nameOf(contestant, workers),
          value: perSecond,
          text: `${(perSecond / 1_000).toFixed(1)}k`,
          isOurs: contestant === "Interpose",
        })),
      },
      {
        title: `From publish to receipt at ${RATE} events per second, p95`,
        bars: latencies.map(({ contestant, workers, delivered: { p95 } }) => ({
          label: nameOf(contestant, workers),
          value: p95,
          text: milliseconds(p95),
          isOurs: contestant === "Interpose",
        })),
      },
    ]),
  };
}

function latencyBounds({ latencies }: Measurements): readonly Bound[] {
  const ours = latencies.find(({ contestant, workers }) => contestant === "Interpose" && workers === 1);
  const bound = (what: string, which: keyof typeof P95_MS): Bound => ({
    what: `${what}, p95, with one worker`,
    measured: ours?.[which].p95 ?? Number.NaN,
    under: P95_MS[which],
    format: milliseconds,
  });
  return [
    bound(`a publish is acknowledged at ${RATE} events per second`, "acknowledged"),
    bound(`from publish to receipt at ${RATE} events per second`, "delivered"),
    bound("from publish to receipt when nothing else is going on", "pickedUp"),
  ];
}

/** How one of the others compares with Interpose, round by round. */
function speedBound({ drains }: Measurements, count: number, other: ContestantName): Bound {
  return {
    what: `deliveries of ${other} for one of Interpose's, ${workersText(count)}`,
    measured: median(speedRatios(drains, count, other, "Interpose")),
    under: 1,
    format: ratio,
  };
}

function publishBound({ publishCosts }: Pick<Measurements, "publishCosts">): Bound {
  const most = publishCosts.reduce((a, b) => (b.backlog > a.backlog ? b : a));
  return {
    what: `a publish with ${most.backlog} waiting deliveries, of one with none`,
    measured: most.ratio.median,
    under: AT_MOST.publish,
    format: ratio,
  };
}

function fairnessBound({ fairness }: Measurements, beside: Exclude<Beside, "nothing">): Bound {
  const what = { dead: "a dead one", slow: "a slow one", backlog: "one with the largest backlog" };
  return {
    what: `p95 from publish to receipt of healthy targets beside ${what[beside]}, of that without`,
    measured: timesBeside(fairness, beside).p95 / timesBeside(fairness, "nothing").p95,
    under: AT_MOST.beside,
    format: ratio,
  };
}

function meaningOf({ latencies, publishCosts, drains }: Measurements, drained: readonly Drained[]): string {
  const ours = latencies.find(({ contestant, workers }) => contestant === "Interpose" && workers === 1);
  const speeds = drained
    .filter(({ workers }) => workers === 1)
    .map(({ contestant, perSecond }) => `${contestant} ${number(perSecond)}`)
    .join(", ");
  const kept = WORKERS.map(
    (workers) =>
      `${ratio(median(speedRatios(drains, workers, "graphile-worker with a record", "graphile-worker")))} with ${workersText(workers)}`,
  ).join(", ");
  const largest = publishBound({ publishCosts });
  return `With one worker at ${RATE} events per second, 19 of 20 publishes are safe within ${milliseconds(ours?.acknowledged.p95 ?? Number.NaN)}, and their deliveries there within ${milliseconds(ours?.delivered.p95 ?? Number.NaN)}. Deliveries per second of what waits: ${speeds}. With the record of Interpose, graphile-worker keeps of its own speed: ${kept}. ${largest.what.replace(/^a/, "A")}, takes ${ratio(largest.measured)} times as long.`;
}

const milliseconds = (value: number): string => `${number(value)} ms`;
