import { RE2JS, RE2JSException } from "re2js";

/** Longest pattern, in characters. */
const MAX_PATTERN_LENGTH = 500;
/** Largest pattern once it is compiled, in instructions: repetitions make much of little text, and each character is held against all of it at worst. */
const MAX_PATTERN_SIZE = 1_000;
/** How many instructions are held against a character in the time of one step. */
const INSTRUCTIONS_PER_STEP = 20;

/** A regular expression that takes time in proportion to the text, whatever either of them is. */
export interface Pattern {
  /** Whether it matches anywhere in a text. */
  readonly matches: (text: string) => boolean;
  /** How large it is, in instructions. */
  readonly size: number;
  /** What looking at a text costs at most, in steps. */
  readonly cost: (text: string) => number;
}

/**
 * Compiles a regular expression, or says why not. Its syntax is what ECMA-262 (with the flag "u") and RE2 have in common: no look-around, no back-references. RE2 never backtracks.
 * https://github.com/google/re2/wiki/Syntax
 */
export function compilePattern(source: string): Pattern | { readonly fault: string } {
  if (source.length > MAX_PATTERN_LENGTH)
    return { fault: `has ${source.length} characters; ${MAX_PATTERN_LENGTH} are allowed.` };
  try {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(source));
    const size = compiled.programSize();
    if (size > MAX_PATTERN_SIZE) return { fault: "repeats too much. Let it repeat less often." };
    return {
      matches: (text) => compiled.test(text),
      size,
      cost: (text) => 1 + Math.ceil((text.length * size) / INSTRUCTIONS_PER_STEP),
    };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return { fault: "is no regular expression that can be used. Look-around and back-references cannot." };
  }
}
