import { linePaths } from "./line-chart.tsx";
import { niceTop } from "./nice-top.ts";

/** One line of a chart. */
export interface ChartSeries {
  readonly name: string;
  /** Colour and pattern, which tell the lines apart. */
  readonly look: "main" | "bad" | "warn";
  /** A value for each part of time; undefined leaves a gap. */
  readonly values: readonly (number | undefined)[];
}

interface TimeChartProps {
  /** What is drawn, in a sentence with the numbers that matter: it is what screen readers have before the table. */
  readonly label: string;
  readonly series: readonly ChartSeries[];
  /** When each part of time begins. */
  readonly times: readonly Date[];
  /** How values are written, with their unit. */
  readonly format: (value: number) => string;
}

const WIDTH = 800;
const HEIGHT = 140;

/** Lines over time with a common scale, and the same numbers as a table. */
export function TimeChart({ label, series, times, format }: TimeChartProps) {
  const highest = niceTop(Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0))));
  const [first, last] = [times[0], times.at(-1)];
  return (
    <figure className="time-chart">
      <figcaption className="time-chart-key">
        {series.map(({ name, look }) => (
          <span key={name}>
            <svg viewBox="0 0 24 6" width="24" height="6" aria-hidden="true">
              <path className={`time-line ${look}`} d="M1 3H23" />
            </svg>
            {name}
          </span>
        ))}
      </figcaption>
      <div className="time-chart-scale" aria-hidden="true">
        <span>{format(highest)}</span>
        <span>{format(0)}</span>
      </div>
      <svg
        className="time-chart-lines"
        role="img"
        aria-label={label}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
      >
        <path className="time-grid" d={`M0 2H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 2}H${WIDTH}`} />
        {series.map(({ name, look, values }) =>
          linePaths(values, WIDTH, HEIGHT, highest).map((path) => (
            <path key={`${name} ${path}`} className={`time-line ${look}${isDot(path) ? " dot" : ""}`} d={path} />
          )),
        )}
      </svg>
      <div className="time-chart-times" aria-hidden="true">
        <span>{first && clock(first, times)}</span>
        <span>{last && clock(last, times)}</span>
      </div>
      <details className="time-chart-table">
        <summary>The same as a table</summary>
        <div tabIndex={0} role="region" aria-label={`${label} As a table.`}>
          <ChartTable label={label} series={series} times={times} format={format} />
        </div>
      </details>
    </figure>
  );
}

/** The parts of time in which something was, the newest first. */
function ChartTable({ label, series, times, format }: TimeChartProps) {
  const rows = times.map((time, at) => ({ time, at })).filter(({ at }) => series.some(({ values }) => values[at]));
  if (rows.length === 0) return <p className="hint">There was nothing.</p>;
  return (
    <table>
      <caption className="only-read">{label}</caption>
      <thead>
        <tr>
          <th scope="col">From</th>
          {series.map(({ name }) => (
            <th key={name} scope="col" className="end">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.reverse().map(({ time, at }) => (
          <tr key={at}>
            <th scope="row">{clock(time, times)}</th>
            {series.map(({ name, values }) => (
              <td key={name} data-heading={name} className="end">
                {values[at] === undefined ? "–" : format(values[at])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Whether a line goes nowhere, for its value stands alone. */
function isDot(path: string): boolean {
  return /^M(\S+ \S+)L\1$/.test(path);
}

/** The time of day; with the day, where the times go over several. */
function clock(time: Date, times: readonly Date[]): string {
  const spanMs = (times.at(-1)?.getTime() ?? 0) - (times[0]?.getTime() ?? 0);
  return time.toLocaleString(undefined, {
    hour: "2-digit",
    minute: "2-digit",
    ...(spanMs > 20 * 3_600_000 && { weekday: "short" }),
  });
}
