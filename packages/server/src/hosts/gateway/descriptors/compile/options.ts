import { create, type Registry } from "@bufbuild/protobuf";
import { mergeFromText } from "@bufbuild/protobuf/txtpb";
import { DescriptorProblem, textOf } from "../problem.ts";
import type { DefinedSymbol } from "../assembly/symbols.ts";
import type { OptionStatement } from "./context.ts";
import type { NameFinder } from "../assembly/names.ts";
import type { ParsedFile } from "./parse-file.ts";
import type { Token } from "./tokens.ts";

/** Whether an option can be understood without knowing any extension: protobuf's own, such as `deprecated` or `features`. */
export function isBuiltIn({ path, value }: OptionStatement): boolean {
  return path.every(({ isExtension }) => !isExtension) && value.every(({ text }) => text !== "[");
}

/**
 * Sets an option on its element. An option is written in protobuf's text format but for its path, which becomes nested messages:
 * `(google.api.http).get = "/v1"` is read as `[google.api.http]: {get: "/v1"}`. `registry` has the extensions.
 */
export function applyOption(
  { place, proto }: ParsedFile,
  statement: OptionStatement,
  names: NameFinder,
  registry?: Registry,
): void {
  const { element, schema, path, value, offset } = statement;
  const inside = proto.package === "" ? statement.scope : `${proto.package}.${statement.scope}`;
  const written = path.map(({ name, isExtension }) => (isExtension ? `(${name})` : name)).join(".");
  const fail = (problem: string): never => {
    throw new DescriptorProblem(`${place(offset)}: option ${written}: ${problem}`);
  };
  const extensionName = (name: string): string => {
    const found = names.find(name, inside, isExtensionSymbol);
    if (typeof found === "string") return fail(found);
    if (!isExtensionSymbol(found.symbol)) return fail(`"${name}" is no extension`);
    return found.fullName;
  };
  const fields = path.map(({ name, isExtension }) => (isExtension ? `[${extensionName(name)}]` : name));
  const text = `${fields.join(": {")}: ${textFormat(value, extensionName)}${" }".repeat(fields.length - 1)}`;
  element.options ??= create(schema);
  try {
    mergeFromText(schema, element.options, text, { registry });
  } catch (error) {
    fail(textOf(error));
  }
}

const isExtensionSymbol = ({ kind }: DefinedSymbol): boolean => kind === "extension";

/** Tokens as a text in the text format. Names of extensions in it become full names; those of types behind a slash are full already. */
function textFormat(tokens: readonly Token[], extensionName: (name: string) => string): string {
  let text = "";
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (!token) break;
    const bracketed = token.text === "[" && tokens[i - 1]?.text !== ":" ? nameInBrackets(tokens, i + 1) : undefined;
    if (bracketed) {
      text += `[${bracketed.name.includes("/") ? bracketed.name : extensionName(bracketed.name)}] `;
      i = bracketed.end;
    } else {
      // A sign belongs to what follows: the text format has "-inf", but no "- inf".
      text += token.text === "-" ? "-" : `${token.text} `;
    }
  }
  return text.trimEnd();
}

const END: Token = { kind: "end", text: "", offset: 0 };

/** The name that stands in brackets, and the index of the closing one. Undefined: the brackets hold a list. */
function nameInBrackets(
  tokens: readonly Token[],
  start: number,
): { readonly name: string; readonly end: number } | undefined {
  let name = "";
  for (let i = start; i < tokens.length; i++) {
    const { kind, text } = tokens[i] ?? END;
    if (text === "]") return name === "" ? undefined : { name, end: i };
    if (kind !== "name" && kind !== "integer" && text !== "." && text !== "/" && text !== "-") return undefined;
    name += text;
  }
  return undefined;
}
