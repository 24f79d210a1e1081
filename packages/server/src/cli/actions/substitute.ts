import { isJsonObject, type JsonValue } from "@interpose/engine";
import type { DocumentProblem } from "../../actions/document.ts";

type Path = DocumentProblem["path"];

/** What names stand for. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** `$${` is `${` itself. */
const VARIABLE = /\$\$\{|\$\{([A-Za-z_]\w*)\}/g;

/**
 * Puts the values of variables in the places of `${NAME}`, in texts alone: what a variable holds is never read as YAML. Schemas of functions stay as they are, whose patterns may have such
 * texts in them. A variable that is not set is a problem.
 */
export function substituted(
  value: unknown,
  env: Variables,
): { readonly value: unknown; readonly problems: readonly DocumentProblem[] } {
  const problems: DocumentProblem[] = [];
  return { value: replaced(value, []), problems };

  function replaced(each: unknown, path: Path): unknown {
    if (typeof each === "string") return textOf(each, path);
    if (typeof each !== "object" || each === null || isSchema(path)) return each;
    if (Array.isArray(each)) return each.map((item, i) => replaced(item, [...path, i]));
    return Object.fromEntries(Object.entries(each).map(([key, inner]) => [key, replaced(inner, [...path, key])]));
  }

  function textOf(text: string, path: Path): string {
    return text.replaceAll(VARIABLE, (found, name: string | undefined) => {
      if (name === undefined) return "${";
      const given = env[name];
      if (given !== undefined) return given;
      problems.push({
        path,
        description: `The variable ${name} is not set. Set it, or write $\${${name}} where the text itself is meant.`,
      });
      return found;
    });
  }
}

/** A document in which every text stands for itself, whatever variables there are. */
export function escaped(value: JsonValue, path: Path = []): JsonValue {
  if (typeof value === "string") return value.replaceAll("${", () => "$${");
  if (isSchema(path)) return value;
  if (Array.isArray(value)) return value.map((item: JsonValue, i) => escaped(item, [...path, i]));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner, [...path, key])]));
}

function isSchema(path: Path): boolean {
  return path.length === 3 && path[0] === "functions" && (path[2] === "input" || path[2] === "reply");
}
