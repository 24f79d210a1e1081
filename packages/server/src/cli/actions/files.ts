import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { InterposeError, type JsonObject } from "@interpose/engine";
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from "yaml";
import { checkDocument, pathText, type DocumentProblem } from "../../actions/document.ts";
import { substituted, type Variables } from "./substitute.ts";

type Path = DocumentProblem["path"];

/** What files are read with. */
export interface FileSources {
  readonly cwd: string;
  /** What `${NAME}` stands for. */
  readonly env: Variables;
}

/** Name of the file that stands for the standard input. */
export const STDIN = "-";
const LISTS = ["targets", "executions", "functions", "eventTypes"];
/** Larger than any document that a server takes. */
const MOST_BYTES = 16 * 1024 * 1024;

/** A file as it was read. */
interface ReadFile {
  readonly path: string;
  readonly tree: Readonly<Record<string, unknown>>;
  readonly document: Document;
  readonly lines: LineCounter;
}

/**
 * Reads the files of one document, and checks it. What several of them list is one list; a name stands in one of them, or is the same in all. Throws `actions_invalid`, which names file, line and path
 * of all that is wrong, and what was expected there.
 */
export function readActionsFiles(names: readonly string[], { cwd, env }: FileSources): JsonObject {
  const problems: string[] = [];
  const files = names.flatMap((name) => readOne(name, cwd, problems) ?? []);
  if (problems.length > 0) throw invalid(problems);
  const { merged, placeOf } = together(files);
  const inserted = substituted(merged, env);
  const checked = checkDocument(inserted.value);
  const found = [...namesTwice(files), ...inserted.problems, ...(checked.problems ?? [])];
  if (found.length > 0)
    throw invalid(found.map(({ path, description }) => `${placeOf(path)}${pathText(path)}: ${description}`));
  return inserted.value as JsonObject;
}

function invalid(problems: readonly string[]): InterposeError {
  const count = problems.length === 1 ? "The document is wrong" : `The document is wrong in ${problems.length} places`;
  const shown = problems.slice(0, 50).map((problem) => `  ${problem}`);
  return new InterposeError("actions_invalid", [`${count}:`, ...shown].join("\n"));
}

function readOne(name: string, cwd: string, problems: string[]): ReadFile | undefined {
  const path = name === STDIN ? "standard input" : name;
  const refuse = (text: string): undefined => void problems.push(`${path}${text}`);
  let text: string;
  try {
    // 0 is the descriptor of the standard input.
    text = readFileSync(name === STDIN ? 0 : resolve(cwd, name), "utf8");
  } catch (error) {
    refuse(` cannot be read: ${(error as Error).message}.`);
    return;
  }
  if (text.length > MOST_BYTES) {
    refuse(` has more than ${MOST_BYTES} characters.`);
    return;
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  for (const { message, pos } of document.errors)
    refuse(`:${lines.linePos(pos[0]).line}: ${message.split("\n")[0] ?? ""}`);
  if (document.errors.length > 0) return undefined;
  try {
    const tree: unknown = document.toJS() ?? {};
    if (typeof tree !== "object" || tree === null || Array.isArray(tree)) {
      refuse(":1: must hold name, targets, executions, functions or eventTypes.");
      return;
    }
    return { path, tree: tree as ReadFile["tree"], document, lines };
  } catch (error) {
    // Aliases that lead nowhere, or to very much.
    refuse(`: ${(error as Error).message}.`);
    return;
  }
}

/** The files as one document, and where a path in it stands: `file:line: `. */
function together(files: readonly ReadFile[]): {
  readonly merged: Readonly<Record<string, unknown>>;
  readonly placeOf: (path: Path) => string;
} {
  const merged: Record<string, unknown> = {};
  const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
  /** For each element of a list, its file and its place there. */
  const origins = new Map<string, { readonly file: ReadFile; readonly at: number }[]>();
  const fileOf = new Map<string, ReadFile>();
  for (const file of files) {
    for (const [key, value] of Object.entries(file.tree)) {
      const before = merged[key];
      if (LISTS.includes(key) && isList(value) && (before === undefined || isList(before))) {
        merged[key] = [...(before ?? []), ...value];
        const list = origins.get(key) ?? [];
        origins.set(key, [...list, ...value.map((_, at) => ({ file, at }))]);
      } else if (before === undefined || LISTS.includes(key)) merged[key] = value;
      if (!fileOf.has(key) || merged[key] === value) fileOf.set(key, file);
    }
  }
  return {
    merged,
    placeOf(path) {
      const [key, index, ...rest] = path;
      const origin = typeof index === "number" ? origins.get(String(key))?.[index] : undefined;
      const file = origin?.file ?? fileOf.get(String(key)) ?? files[0];
      if (!file) return "";
      return `${file.path}:${lineOf(file, origin ? [key ?? "", origin.at, ...rest] : path)}: `;
    },
  };
}

/** The line on which a path begins: that of the name of a field, of an element, or of what is nearest above of what is there. */
function lineOf({ document, lines }: ReadFile, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const above: unknown = document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const key = isMap(above)
      ? above.items.map((item) => item.key).find((each) => isScalar(each) && String(each.value) === last)
      : undefined;
    const node: unknown = key ?? document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function namesTwice(files: readonly ReadFile[]): readonly DocumentProblem[] {
  const names = [...new Set(files.flatMap(({ tree }) => (typeof tree.name === "string" ? [tree.name] : [])))];
  if (names.length < 2) return [];
  return [{ path: ["name"], description: `The files are of different documents: ${names.join(", ")}.` }];
}
