import type { ParseContext } from "./context.ts";

/** What may not be used: names, and ranges of numbers, both ends of which belong to them. */
export interface Reserved {
  readonly names: readonly string[];
  readonly ranges: readonly { readonly start: number; readonly end: number }[];
}

/** Reads `reserved 1, 3 to max;` or `reserved "a", "b";`, whose first word was taken. Editions have the names without quotes. */
export function parseReserved(context: ParseContext, max: number): Reserved {
  const { cursor } = context;
  const names: string[] = [];
  const ranges: { readonly start: number; readonly end: number }[] = [];
  do {
    const { kind } = cursor.peek();
    if (kind === "text") names.push(cursor.text("a name"));
    else if (kind === "name") names.push(cursor.name("a name"));
    else ranges.push(parseRange(context, max));
  } while (cursor.take(","));
  cursor.expect(";");
  return { names, ranges };
}

/** Reads `1`, `1 to 5` or `1 to max`. Both ends belong to the range. */
export function parseRange({ cursor }: ParseContext, max: number): { readonly start: number; readonly end: number } {
  const first = cursor.peek();
  const start = cursor.integer("a number");
  const end = cursor.take("to") ? cursor.integer("a number", max) : start;
  if (end < start) cursor.fail(`a range cannot go from ${start} to ${end}`, first);
  return { start, end };
}
