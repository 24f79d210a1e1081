interface LineChartProps {
  /** What is drawn, in a sentence with the numbers that matter: it is all that screen readers have. */
  readonly label: string;
  /** Values in even distances; undefined leaves a gap. */
  readonly values: readonly (number | undefined)[];
  readonly width?: number;
  readonly height?: number;
}

/** A line from left to right, from nought up to the highest value. Small ones are sparklines. */
export function LineChart({ label, values, width = 120, height = 28 }: LineChartProps) {
  return (
    <svg
      className="line-chart"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
    >
      {linePaths(values, width, height).map((path) => (
        <path
          key={path}
          d={path}
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
          strokeLinejoin="round"
          strokeLinecap="round"
        />
      ))}
    </svg>
  );
}

/** The lines between gaps, as paths of SVG, where the highest value of the scale stands at the top. A value alone is a dot. */
export function linePaths(
  values: readonly (number | undefined)[],
  width: number,
  height: number,
  highest: number = Math.max(...values.map((value) => value ?? 0), Number.MIN_VALUE),
): readonly string[] {
  const step = values.length > 1 ? (width - 4) / (values.length - 1) : 0;
  const paths: string[] = [];
  let current: string[] = [];
  const end = (): void => {
    if (current.length === 1) current.push(`L${current[0]?.slice(1) ?? ""}`);
    if (current.length > 0) paths.push(current.join(""));
    current = [];
  };
  values.forEach((value, at) => {
    if (value === undefined) {
      end();
      return;
    }
    const x = round(2 + at * step);
    const y = round(height - 2 - (value / highest) * (height - 4));
    current.push(`${current.length === 0 ? "M" : "L"}${x} ${y}`);
  });
  end();
  return paths;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
