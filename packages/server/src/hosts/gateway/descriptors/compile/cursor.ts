import { fromText } from "@bufbuild/protobuf/txtpb";
import { BytesValueSchema, StringValueSchema } from "@bufbuild/protobuf/wkt";
import { DescriptorProblem } from "../problem.ts";
import { placeOf, tokenFrom, type Token } from "./tokens.ts";

/** Goes through the tokens of a .proto file. What does not fit throws DescriptorProblem, with its place. */
export interface Cursor {
  /** The token that comes next, which stays; or the one that comes so many later. */
  peek(distance?: number): Token;
  next(): Token;
  /** Takes the token if it is this one. */
  take(text: string): boolean;
  expect(text: string): Token;
  /** A single name, such as one of a field. */
  name(what: string): string;
  /** A name of parts, such as a type's: `.acme.v1.User`. */
  path(what: string): string;
  /** A whole number with its sign; `max` is what the word "max" stands for, where it may stand. */
  integer(what: string, max?: number): number;
  /** A text of one or more literals. */
  text(what: string): string;
  fail(problem: string, at?: Token | number): never;
  /** Fails, since something else comes next. */
  unexpected(what: string): never;
}

/** A cursor at the beginning of a source. */
export function createCursor(source: string, file: string): Cursor {
  /** What was looked at and not taken. Nothing else is kept: a file has a token for every few bytes. */
  const ahead: Token[] = [];
  let scanned = 0;
  const peek = (distance = 0): Token => {
    for (;;) {
      const found = ahead[distance];
      if (found) return found;
      const token = tokenFrom(source, scanned, file);
      scanned = token.offset + token.text.length;
      ahead.push(token);
    }
  };
  const next = (): Token => {
    const token = peek();
    ahead.shift();
    return token;
  };
  const fail = (problem: string, where: Token | number = peek()): never => {
    throw new DescriptorProblem(
      `${placeOf(source, file, typeof where === "number" ? where : where.offset)}: ${problem}`,
    );
  };
  const unexpected = (what: string): never => fail(`expected ${what}, found ${shown(peek())}`);
  const take = (text: string): boolean => {
    // A text literal is never taken for the word that it holds: its token has quotes.
    if (peek().text !== text) return false;
    next();
    return true;
  };
  const name = (what: string): string => (peek().kind === "name" ? next().text : unexpected(what));

  return {
    peek,
    next,
    take,
    fail,
    unexpected,
    name,
    expect: (text) => (peek().text === text ? next() : unexpected(`"${text}"`)),
    path(what) {
      let path = take(".") ? "." : "";
      path += name(what);
      while (take(".")) path += `.${name(what)}`;
      return path;
    },
    integer(what, max) {
      if (max !== undefined && take("max")) return max;
      const sign = take("-") ? -1 : 1;
      if (peek().kind !== "integer") return unexpected(what);
      const token = next();
      const value = sign * Number(integerText(token.text) ?? fail(`${token.text} is no number`, token));
      if (!Number.isSafeInteger(value)) return fail(`${token.text} is too large`, token);
      // -0 is 0.
      return value + 0;
    },
    text(what) {
      const literals: string[] = [];
      const first = peek();
      while (peek().kind === "text") literals.push(next().text);
      if (literals.length === 0) return unexpected(what);
      try {
        return textValue(literals.join(" "));
      } catch {
        return fail(`${literals.join(" ")} is no text in UTF-8`, first);
      }
    },
  };
}

function shown(token: Token): string {
  return token.kind === "end" ? "the end of the file" : token.kind === "text" ? token.text : `"${token.text}"`;
}

/** An integer of a .proto file as one that `BigInt` and `Number` read. Undefined: "08" and the like. */
export function integerText(text: string): string | undefined {
  if (!/^0\d/.test(text)) return text;
  return /^0[0-7]+$/.test(text) ? `0o${text.slice(1)}` : undefined;
}

/** The text that literals with quotes and escapes stand for. Throws where they are no UTF-8. */
export function textValue(literals: string): string {
  return fromText(StringValueSchema, `value: ${literals}`).value;
}

/** The bytes that literals with quotes and escapes stand for. */
export function bytesValue(literals: string): Uint8Array {
  return fromText(BytesValueSchema, `value: ${literals}`).value;
}
