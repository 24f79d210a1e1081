import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { OptionPart, OptionStatement, ParseContext } from "./context.ts";
import type { Token } from "./tokens.ts";

/** What options are set on: the element, the type of its options, and its name below the package. */
export interface OptionTarget {
  readonly element: { options?: Message | undefined };
  readonly schema: DescMessage;
  readonly scope: string;
}

/** Reads `option a.(b.c).d = value;`, whose first word was taken. */
export function parseOption(context: ParseContext, target: OptionTarget): void {
  context.options.push(optionStatement(context, target, [";"]));
  context.cursor.expect(";");
}

/**
 * Reads `[a = 1, (b) = {...}]`, if it is there. `special` may take an option that is none: `default` and `json_name` belong to the field itself.
 */
export function parseCompactOptions(
  context: ParseContext,
  targets: readonly OptionTarget[],
  special: (option: OptionStatement) => boolean = () => false,
): void {
  const { cursor } = context;
  if (!cursor.take("[")) return;
  do {
    const [first, ...others] = targets;
    if (!first) break;
    const option = optionStatement(context, first, [",", "]"]);
    if (special(option)) continue;
    context.options.push(option, ...others.map((target) => ({ ...option, ...target })));
  } while (cursor.take(","));
  cursor.expect("]");
}

function optionStatement(context: ParseContext, target: OptionTarget, ends: readonly string[]): OptionStatement {
  const { offset } = context.cursor.peek();
  const path: OptionPart[] = [];
  do path.push(optionPart(context));
  while (context.cursor.take("."));
  context.cursor.expect("=");
  return { ...target, path, value: valueTokens(context, ends), offset };
}

function optionPart({ cursor }: ParseContext): OptionPart {
  if (!cursor.take("(")) return { name: cursor.name("the name of an option"), isExtension: false };
  const name = cursor.path("the name of an extension");
  cursor.expect(")");
  return { name, isExtension: true };
}

const CLOSING: Readonly<Record<string, string>> = { "{": "}", "[": "]", "<": ">", "(": ")" };

/** The tokens of a value: all up to its end outside of brackets. The text format, which it is written in, judges them later. */
function valueTokens({ cursor }: ParseContext, ends: readonly string[]): readonly Token[] {
  const tokens: Token[] = [];
  const open: string[] = [];
  for (;;) {
    const token = cursor.peek();
    if (token.kind === "end") cursor.fail("the value of the option does not end");
    if (open.length === 0 && ends.includes(token.text)) break;
    const closing = CLOSING[token.text];
    if (closing !== undefined) open.push(closing);
    else if (open.at(-1) === token.text) open.pop();
    else if (Object.values(CLOSING).includes(token.text)) cursor.fail(`"${token.text}" closes nothing here`);
    tokens.push(cursor.next());
  }
  if (tokens.length === 0) cursor.fail("the option has no value");
  return tokens;
}
