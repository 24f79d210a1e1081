import type { DescriptorProto, EnumDescriptorProto, FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { DescriptorProblem } from "../problem.ts";

/** What a full name stands for. */
export type SymbolKind =
  "package" | "message" | "enum" | "enum value" | "field" | "oneof" | "extension" | "service" | "method";

/** A name that a file defines. */
export interface DefinedSymbol {
  readonly kind: SymbolKind;
  /** Name of the file; for a package, of the first that has it. */
  readonly file: string;
}

/** All names of some files. A name stands for one thing, whichever of the files defines it. */
export interface SymbolTable {
  get(fullName: string): DefinedSymbol | undefined;
  /** Whether a file has this package, or one below it. */
  hasPackage(file: string, name: string): boolean;
  /** Adds the names of a file, or none of them: throws DescriptorProblem where one is taken. Answers what takes them out again. */
  add(file: FileDescriptorProto): () => void;
}

/** A table without names. */
export function createSymbolTable(): SymbolTable {
  const symbols = new Map<string, DefinedSymbol>();
  const packages = new Map<string, Set<string>>();

  return {
    get: (fullName) => symbols.get(fullName),
    hasPackage: (file, name) => packages.get(name)?.has(file) ?? false,
    add(file) {
      const own = new Map<string, DefinedSymbol>();
      const names = packagesOf(file.package);
      for (const name of names) {
        const taken = symbols.get(name);
        if (taken && taken.kind !== "package") throw twice(name, taken, { kind: "package", file: file.name });
      }
      for (const [name, kind] of symbolsOf(file)) {
        const defined = { kind, file: file.name };
        const taken = symbols.get(name) ?? own.get(name);
        if (taken) throw twice(name, taken, defined);
        own.set(name, defined);
      }
      for (const [name, defined] of own) symbols.set(name, defined);
      for (const name of names) {
        if (!symbols.has(name)) symbols.set(name, { kind: "package", file: file.name });
        packages.set(name, (packages.get(name) ?? new Set()).add(file.name));
      }
      return () => {
        for (const name of own.keys()) symbols.delete(name);
      };
    },
  };
}

function twice(name: string, first: DefinedSymbol, second: DefinedSymbol): DescriptorProblem {
  const where = first.file === second.file ? `in ${first.file}` : `in ${first.file} and in ${second.file}`;
  const what = first.kind === second.kind ? `as ${first.kind}` : `as ${first.kind} and as ${second.kind}`;
  return new DescriptorProblem(`"${name}" is defined twice: ${what}, ${where}`);
}

/** `a`, `a.b` and `a.b.c` of `a.b.c`. */
function packagesOf(name: string): readonly string[] {
  if (name === "") return [];
  const parts = name.split(".");
  return parts.map((_, i) => parts.slice(0, i + 1).join("."));
}

function* symbolsOf(file: FileDescriptorProto): Generator<readonly [name: string, kind: SymbolKind]> {
  const prefix = file.package === "" ? "" : `${file.package}.`;
  for (const message of file.messageType) yield* symbolsOfMessage(message, prefix);
  for (const type of file.enumType) yield* symbolsOfEnum(type, prefix);
  for (const { name } of file.extension) yield [prefix + name, "extension"];
  for (const service of file.service) {
    yield [prefix + service.name, "service"];
    for (const { name } of service.method) yield [`${prefix}${service.name}.${name}`, "method"];
  }
}

function* symbolsOfMessage(
  message: DescriptorProto,
  prefix: string,
): Generator<readonly [name: string, kind: SymbolKind]> {
  yield [prefix + message.name, "message"];
  const inner = `${prefix}${message.name}.`;
  for (const nested of message.nestedType) yield* symbolsOfMessage(nested, inner);
  for (const type of message.enumType) yield* symbolsOfEnum(type, inner);
  for (const { name } of message.field) yield [inner + name, "field"];
  for (const { name } of message.oneofDecl) yield [inner + name, "oneof"];
  for (const { name } of message.extension) yield [inner + name, "extension"];
}

/** Values are named beside their enum, not inside of it. */
function* symbolsOfEnum(
  type: EnumDescriptorProto,
  prefix: string,
): Generator<readonly [name: string, kind: SymbolKind]> {
  yield [prefix + type.name, "enum"];
  for (const { name } of type.value) yield [prefix + name, "enum value"];
}
