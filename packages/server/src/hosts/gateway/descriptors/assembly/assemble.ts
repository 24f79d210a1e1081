import {
  clone,
  create,
  createFileRegistry,
  type DescEnum,
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
  type FileRegistry,
} from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema, type FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { checkFile, completeJsonNames } from "./check-file.ts";
import { linkFile } from "./link.ts";
import { createNameFinder } from "./names.ts";
import { inImportOrder } from "./import-order.ts";
import { knownFile } from "./known-files.ts";
import type { DescriptorLimits } from "../limits.ts";
import { DescriptorProblem, textOf } from "../problem.ts";
import { createSymbolTable } from "./symbols.ts";

/** Files that were put together. */
export interface Assembly {
  readonly registry: FileRegistry;
  /** Imports first; with those that everybody imports where the source did not bring them. */
  readonly files: readonly FileDescriptorProto[];
  /** What was left out, and why. Empty, unless leaving out was allowed. */
  readonly problems: readonly string[];
}

/** What is done about files that cannot be used. */
export interface AssembleOptions {
  readonly limits: DescriptorLimits;
  /**
   * `refuse`: the first one throws. `leave out`: it is left out with what needs it, and reported; an import that is missing is reported, and its
   * importer stays if it names nothing from it.
   */
  readonly broken: "refuse" | "leave out";
  /** What to do about an import that is missing, for the text of the error. */
  readonly onMissingImport: string;
}

/**
 * Makes a registry of files, which may come in any order and may be hostile: everything that a registry takes for granted is checked before. Throws
 * DescriptorProblem.
 */
export function assemble(given: readonly FileDescriptorProto[], options: AssembleOptions): Assembly {
  const problems: string[] = [];
  const report = (problem: DescriptorProblem): void => {
    if (options.broken === "refuse") throw problem;
    problems.push(problem.message);
  };
  const files = onePerName(given, report);
  if (files.length > options.limits.maxFiles) {
    throw new DescriptorProblem(`there are ${files.length} files, and at most ${options.limits.maxFiles} are read`);
  }
  /** Imports that cannot be, by importer. */
  const missing = new Map<string, Set<string>>();
  const miss = (importer: string, name: string, problem: DescriptorProblem): void => {
    missing.set(importer, (missing.get(importer) ?? new Set()).add(name));
    report(problem);
  };
  const ordered = inImportOrder(
    files,
    knownFile,
    (importer, name) => {
      const text = `${importer} imports "${name}", which is missing. ${options.onMissingImport}`;
      miss(importer, name, new DescriptorProblem(text));
    },
    miss,
  );

  const symbols = createSymbolTable();
  const names = createNameFinder(undefined, symbols);
  const used: FileDescriptorProto[] = [];
  const leftOut = new Set<string>();
  const leaveOut = (file: FileDescriptorProto, error: unknown): void => {
    report(error instanceof DescriptorProblem ? error : new DescriptorProblem(`${file.name}: ${textOf(error)}`));
    leftOut.add(file.name);
  };
  for (const each of ordered) {
    const gone = each.dependency.filter((name) => leftOut.has(name) || missing.get(each.name)?.has(name));
    const file = gone.length === 0 ? each : withoutImports(each, new Set(gone));
    let forget: (() => void) | undefined;
    try {
      completeJsonNames(file);
      forget = symbols.add(file);
      linkFile(file, names, (_, fullName) => `${file.name}: ${fullName}`);
      checkFile(file, symbols, options.limits.maxNesting);
      used.push(file);
    } catch (error) {
      forget?.();
      leaveOut(file, error);
    }
  }
  try {
    return { registry: registryOf(used), files: used, problems };
  } catch (error) {
    if (options.broken === "refuse") throw new DescriptorProblem(textOf(error));
    const usable = usableFiles(used, leaveOut);
    return { registry: registryOf(usable), files: usable, problems };
  }
}

function onePerName(
  files: readonly FileDescriptorProto[],
  report: (problem: DescriptorProblem) => void,
): readonly FileDescriptorProto[] {
  const byName = new Map<string, FileDescriptorProto>();
  for (const file of files) {
    if (file.name === "") report(new DescriptorProblem("there is a file without a name"));
    else if (byName.has(file.name)) report(new DescriptorProblem(`there are two files ${file.name}`));
    else byName.set(file.name, file);
  }
  return [...byName.values()];
}

/** A file as if it did not import some others. What it names of them, if anything, is found missing afterwards. */
function withoutImports(file: FileDescriptorProto, gone: ReadonlySet<string>): FileDescriptorProto {
  const copy = clone(FileDescriptorProtoSchema, file);
  copy.dependency = file.dependency.filter((name) => !gone.has(name));
  copy.publicDependency = [];
  copy.weakDependency = [];
  return copy;
}

/** The registry checks what only it knows, such as editions; a default that is no value of its field would fail much later, in the middle of a call. */
function registryOf(files: readonly FileDescriptorProto[]): FileRegistry {
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...files] }));
  for (const type of registry) checkDefaults(type);
  return registry;
}

/** The files that a registry takes, one after the other. Slower than all at once, so it is done only when that failed. */
function usableFiles(
  files: readonly FileDescriptorProto[],
  leaveOut: (file: FileDescriptorProto, error: unknown) => void,
): readonly FileDescriptorProto[] {
  const built = new Map<string, DescFile>();
  return files.filter((file) => {
    try {
      const registry = createFileRegistry(file, (name) => built.get(name));
      const desc = registry.getFile(file.name);
      if (!desc) return false;
      for (const type of nestedTypes(desc)) checkDefaults(type);
      built.set(file.name, desc);
      return true;
    } catch (error) {
      leaveOut(file, error);
      return false;
    }
  });
}

function checkDefaults(type: DescMessage | DescEnum | DescExtension | DescService): void {
  const fields = type.kind === "message" ? type.fields : type.kind === "extension" ? [type] : [];
  for (const field of fields) {
    try {
      if (field.fieldKind === "scalar" || field.fieldKind === "enum") field.getDefaultValue();
    } catch (error) {
      throw new DescriptorProblem(
        `${type.file.proto.name}: the default of ${field.toString()} is no value of it: ${textOf(error)}`,
      );
    }
  }
}
