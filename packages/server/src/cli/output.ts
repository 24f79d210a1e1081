import { styleText } from "node:util";

/** Where a command writes its answer: one JSON document for programs, or text for people. */
export interface Output {
  readonly isJson: boolean;
  /** Prints a JSON document, or what `text` makes of it for people. */
  answer(document: unknown, text: () => string): void;
}

/** An output to standard output. */
export function createOutput(
  isJson: boolean,
  print: (text: string) => void = (text) => process.stdout.write(text),
): Output {
  return {
    isJson,
    answer: (document, text) => print(`${isJson ? JSON.stringify(document, jsonValue, 2) : text()}\n`),
  };
}

/** What JSON has no type for: 64-bit integers are texts, as in protobuf's JSON. */
function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

/** A table with aligned columns; `none` when it would be empty. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], none: string): string {
  if (rows.length === 0) return none;
  const widths = headings.map((heading, i) =>
    Math.max(...[heading, ...rows.map((row) => row[i] ?? "")].map((text) => Array.from(text).length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell + " ".repeat(Math.max(0, (widths[i] ?? 0) - Array.from(cell).length)))
      .join("  ")
      .trimEnd();
  return [styleText("bold", line(headings)), ...rows.map(line)].join("\n");
}
