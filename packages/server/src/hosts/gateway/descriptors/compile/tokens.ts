import { DescriptorProblem } from "../problem.ts";

/** What a token of a .proto file is. */
export type TokenKind = "name" | "integer" | "float" | "text" | "symbol" | "end";

/** A token, as it stands in the source. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Where it begins in the source. */
  readonly offset: number;
}

const BLANK = /(?:[\s\0\ufeff]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
/** The order matters: a float begins as an integer does. */
const KINDS: readonly (readonly [TokenKind, RegExp])[] = [
  ["name", /[A-Za-z_][A-Za-z0-9_]*/y],
  ["float", /(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+/y],
  ["integer", /0[xX][0-9a-fA-F]+|\d+/y],
  ["text", /"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"|'[^'\\\n]*(?:\\[^\n][^'\\\n]*)*'/y],
  ["symbol", /[;,=(){}[\]<>.:+-]|\/(?!\*)/y],
];

/** The token at an offset or behind the blanks and comments there. Throws DescriptorProblem where there is none. */
export function tokenFrom(source: string, offset: number, file: string): Token {
  const start = matchEnd(BLANK, source, offset) ?? offset;
  if (start >= source.length) return { kind: "end", text: "", offset: source.length };
  for (const [kind, pattern] of KINDS) {
    const end = matchEnd(pattern, source, start);
    if (end !== undefined) return { kind, text: source.slice(start, end), offset: start };
  }
  throw new DescriptorProblem(`${placeOf(source, file, start)}: ${unreadable(source, start)}`);
}

function matchEnd(pattern: RegExp, source: string, offset: number): number | undefined {
  pattern.lastIndex = offset;
  return pattern.test(source) ? pattern.lastIndex : undefined;
}

function unreadable(source: string, offset: number): string {
  const first = source.charAt(offset);
  if (first === '"' || first === "'") return `the text that begins with ${first} does not end on its line`;
  if (source.startsWith("/*", offset)) return "the comment that begins with /* does not end";
  return `${JSON.stringify(String.fromCodePoint(source.codePointAt(offset) ?? 0))} has no meaning here`;
}

/** `file:line:column` of a place in a source, both counted from 1. */
export function placeOf(source: string, file: string, offset: number): string {
  const before = source.slice(0, offset);
  const line = before.split("\n").length;
  return `${file}:${line}:${offset - before.lastIndexOf("\n")}`;
}
