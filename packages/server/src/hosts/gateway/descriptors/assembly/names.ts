import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import type { DefinedSymbol, SymbolTable } from "./symbols.ts";

/** A name that was found. */
export interface FoundName {
  /** Without a dot in front. */
  readonly fullName: string;
  readonly symbol: DefinedSymbol;
}

/** Finds what names in a file mean. */
export interface NameFinder {
  /**
   * What a name means inside of the thing called `inside`, as protoc looks it up (https://protobuf.com/docs/language-spec#reference-resolution): from the innermost scope outward,
   * by its first part; the rest must be found where the first part was. A name of one part means the first thing that is accepted, or else the first that is not. A text
   * says why nothing was found.
   */
  find(name: string, inside: string, accepts: (symbol: DefinedSymbol) => boolean): FoundName | string;
}

/** Kinds that other names stand in. */
const HOLDERS = new Set(["package", "message", "enum", "service"]);

/** Looks names up for a file. `visible` are the files that it may use names of (`visibleFiles`); undefined: all. */
export function createNameFinder(visible: ReadonlySet<string> | undefined, symbols: SymbolTable): NameFinder {
  const see = (fullName: string): DefinedSymbol | undefined => {
    const symbol = symbols.get(fullName);
    if (!symbol || !visible) return symbol;
    const isSeen =
      symbol.kind === "package"
        ? [...visible].some((file) => symbols.hasPackage(file, fullName))
        : visible.has(symbol.file);
    return isSeen ? symbol : undefined;
  };
  const notSeen = (name: string, fullName = name): string => {
    const symbol = symbols.get(fullName);
    return symbol && symbol.kind !== "package"
      ? `"${fullName}" is defined in ${symbol.file}, which is not imported`
      : `there is no "${name}"`;
  };

  return {
    find(name, inside, accepts) {
      let rejected: FoundName | undefined;
      if (name.startsWith(".")) {
        const fullName = name.slice(1);
        const symbol = see(fullName);
        return symbol ? { fullName, symbol } : notSeen(fullName);
      }
      const [first = name] = name.split(".", 1);
      let hidden = name;
      for (const scope of scopesAround(inside)) {
        const prefix = scope === "" ? "" : `${scope}.`;
        if (symbols.get(prefix + name)) hidden = prefix + name;
        const found = see(prefix + first);
        if (!found) continue;
        if (first === name) {
          const result = { fullName: prefix + name, symbol: found };
          if (accepts(found)) return result;
          rejected ??= result;
          continue;
        }
        if (!HOLDERS.has(found.kind)) continue;
        const symbol = see(prefix + name);
        if (symbol) return { fullName: prefix + name, symbol };
        return symbols.get(prefix + name)
          ? notSeen(prefix + name)
          : `there is no "${name}": "${first}" is the ${found.kind} ${prefix}${first} here, which has none`;
      }
      return rejected ?? notSeen(name, hidden);
    },
  };
}

/** `a.b`, `a` and the empty scope, for something called `a.b.c`. */
function* scopesAround(fullName: string): Generator<string> {
  for (let end = fullName.lastIndexOf("."); end >= 0; end = fullName.lastIndexOf(".", end - 1)) {
    yield fullName.slice(0, end);
    if (end === 0) break;
  }
  yield "";
}

/** The files whose names a file may use. `direct` are its imports. */
export function visibleFiles(
  name: string,
  direct: readonly string[],
  files: ReadonlyMap<string, FileDescriptorProto>,
): ReadonlySet<string> {
  const visible = new Set([name]);
  const open = [...direct];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (visible.has(next)) continue;
    visible.add(next);
    const file = files.get(next);
    for (const i of file?.publicDependency ?? []) {
      const dependency = file?.dependency[i];
      if (dependency !== undefined) open.push(dependency);
    }
  }
  return visible;
}
