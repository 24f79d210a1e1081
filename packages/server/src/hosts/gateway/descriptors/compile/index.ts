import { create, createFileRegistry, type FileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema, type FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { knownFile } from "../assembly/known-files.ts";
import { inImportOrder } from "../assembly/import-order.ts";
import { DescriptorProblem, textOf } from "../problem.ts";
import { createSymbolTable } from "../assembly/symbols.ts";
import { createNameFinder, visibleFiles } from "../assembly/names.ts";
import { checkFile } from "../assembly/check-file.ts";
import { linkFile } from "../assembly/link.ts";
import { applyBuiltInOptions } from "./built-in-options.ts";
import { applyOption, isBuiltIn } from "./options.ts";
import type { ParsedFile } from "./parse-file.ts";

export { parseFile } from "./parse-file.ts";
export type { ParsedFile } from "./parse-file.ts";

/**
 * Makes descriptors of .proto files, as protoc and buf make them, custom options included: names are looked up among the files and those that everybody
 * imports (`knownFile`), then options are understood. Answers the files with those that they need, imports first. The parsed files are used up by it.
 * `onMissingImport` says what to do about one. Throws DescriptorProblem, with file, line and column.
 */
export function compileFiles(parsed: readonly ParsedFile[], onMissingImport: string): readonly FileDescriptorProto[] {
  const files = new Map(parsed.map(({ proto }) => [proto.name, proto]));
  const ordered = inImportOrder([...files.values()], knownFile, (importer, missing) => {
    throw new DescriptorProblem(`${importer} imports "${missing}", which is missing. ${onMissingImport}`);
  });
  const all = new Map(ordered.map((proto) => [proto.name, proto]));
  const symbols = createSymbolTable();
  for (const file of ordered) symbols.add(file);

  const finders = parsed.map((file) => {
    const { name, dependency, optionDependency } = file.proto;
    const types = createNameFinder(visibleFiles(name, dependency, all), symbols);
    const options = createNameFinder(visibleFiles(name, [...dependency, ...optionDependency], all), symbols);
    return { file, types, options };
  });
  for (const { file, types } of finders) linkFile(file.proto, types, file.place);
  // Protobuf's own options first: some of them (features) decide how extensions, and so all other options, are encoded.
  for (const { file, options } of finders) {
    for (const option of file.options) if (isBuiltIn(option)) applyOption(file, option, options);
    applyBuiltInOptions(file.proto);
  }
  for (const { proto } of parsed) checkFile(proto, symbols, Infinity);
  const registry = registryOf(ordered);
  for (const { file, options } of finders) {
    for (const option of file.options) if (!isBuiltIn(option)) applyOption(file, option, options, registry);
  }
  return ordered;
}

function registryOf(files: readonly FileDescriptorProto[]): FileRegistry {
  try {
    return createFileRegistry(create(FileDescriptorSetSchema, { file: [...files] }));
  } catch (error) {
    throw new DescriptorProblem(textOf(error));
  }
}
