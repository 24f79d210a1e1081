import { SymbolVisibility } from "@bufbuild/protobuf/wkt";
import { isSyntax, type ParseContext } from "./context.ts";

/**
 * Takes `export` or `local` before a message or an enum, which edition 2024 brought, and answers what marks the type with it. In older files, and before
 * anything else, these words are names.
 */
export function takeVisibility(context: ParseContext): <T extends { visibility: SymbolVisibility }>(type: T) => T {
  const { cursor } = context;
  const word = cursor.peek().text;
  const what = cursor.peek(1).text;
  if (
    !isSyntax(context, "editions") ||
    (word !== "export" && word !== "local") ||
    (what !== "message" && what !== "enum")
  ) {
    return (type) => type;
  }
  cursor.next();
  const visibility = word === "export" ? SymbolVisibility.VISIBILITY_EXPORT : SymbolVisibility.VISIBILITY_LOCAL;
  return (type) => Object.assign(type, { visibility });
}
