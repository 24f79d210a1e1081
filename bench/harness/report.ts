import { holds, type Benchmark, type Bound, type Findings, type Table } from "./benchmark.ts";

/** The report of a benchmark, as Markdown. */
export function markdownReport(name: string, { claim }: Benchmark, findings: Findings, measuredOn: string): string {
  const parts = [
    `# ${name}`,
    `**Claim.** ${claim}`,
    `**Measured.** ${measuredOn}. Made by \`npm run bench -- ${name}\`; [README.md](../README.md) says how to read it.`,
    `**Meaning.** ${findings.meaning}`,
    ...(findings.picture === undefined ? [] : [`![${name}](${name}.svg)`]),
    "## Bounds",
    findings.bounds.map((bound) => `- ${boundText(bound)}`).join("\n"),
    ...findings.tables.flatMap((table) => [`## ${table.title}`, table.note, markdownTable(table)]),
  ];
  return `${parts.join("\n\n")}\n`;
}

function markdownTable({ columns, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const alignment = columns.map((_, i) => (i === 0 ? "---" : "---:"));
  return [line(columns), line(alignment), ...rows.map(line)].join("\n");
}

/** The same for a terminal. */
export function terminalReport(name: string, { claim }: Benchmark, findings: Findings): string {
  const parts = [
    `== ${name}: ${claim}`,
    ...findings.tables.map((table) => `${table.title}\n${terminalTable(table)}`),
    findings.bounds.map(boundText).join("\n"),
    findings.meaning,
  ];
  return `\n${parts.join("\n\n")}\n`;
}

function terminalTable({ columns, rows }: Table): string {
  const lines = [columns, ...rows];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const padded = (line: readonly string[]): string =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ");
  return lines.map((line) => `  ${padded(line)}`).join("\n");
}

function boundText(bound: Bound): string {
  const { what, measured, under, format } = bound;
  return `${holds(bound) ? "holds" : "DOES NOT HOLD"}: ${what}: ${format(measured)}, must be under ${format(under)}`;
}
