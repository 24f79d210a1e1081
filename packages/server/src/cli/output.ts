import { styleText } from "node:util";

/** Colours and weights of what people read. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** A text in a style, where it goes to a terminal that shows it: not into a file or a pipe, and not where NO_COLOR is set. All that is coloured is so by this. */
export function styled(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream });
}

/** Where a command writes its answer: one JSON document for programs, or text for people. */
export interface Output {
  readonly isJson: boolean;
  /** Prints a JSON document, or what `text` makes of it for people. */
  answer(document: unknown, text: () => string): void;
  /** The same for one of many that come one after the other: a JSON document in one line. */
  next(document: unknown, text: () => string): void;
  /** Prints a line that is as it is: a JSON document that is text already, or one for people. */
  line(text: string): void;
  /** Tells people how it goes, on standard error, with `--json` too. */
  note(text: string): void;
  /** Whether whoever reads the answer has seen enough of it (`| head -1`). */
  isClosed(): boolean;
}

/** An output to standard output. */
export function createOutput(
  isJson: boolean,
  print: (text: string) => void = (text) => process.stdout.write(text),
): Output {
  return {
    isJson,
    answer: (document, text) => print(`${isJson ? JSON.stringify(document, jsonValue, 2) : text()}\n`),
    next: (document, text) => print(`${isJson ? JSON.stringify(document, jsonValue) : text()}\n`),
    line: (text) => print(`${text}\n`),
    note: (text) => void process.stderr.write(`${text}\n`),
    isClosed: () => !process.stdout.writable,
  };
}

/** What JSON has no type for: 64-bit integers are texts, as in protobuf's JSON. */
function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

/** A text of whatever origin, without what a terminal would take for an order. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "\ufffd");
}

/** A table with aligned columns; `none` when it would be empty. */
export function table(headings: readonly string[], given: readonly (readonly string[])[], none: string): string {
  if (given.length === 0) return none;
  const rows = given.map((row) => row.map(printable));
  const widths = headings.map((heading, i) =>
    Math.max(...[heading, ...rows.map((row) => row[i] ?? "")].map((text) => Array.from(text).length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell + " ".repeat(Math.max(0, (widths[i] ?? 0) - Array.from(cell).length)))
      .join("  ")
      .trimEnd();
  return [styled("bold", line(headings)), ...rows.map(line)].join("\n");
}
