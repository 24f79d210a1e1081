import { join } from "node:path";
import { assemble, type Assembly } from "./assembly/assemble.ts";
import { compileFiles, parseFile, type ParsedFile } from "./compile/index.ts";
import { findImportNames } from "./import-roots.ts";
import { knownFile } from "./assembly/known-files.ts";
import type { DescriptorLimits } from "./limits.ts";
import { DescriptorProblem, textOf } from "./problem.ts";
import { findProtos } from "./proto-folder.ts";
import { readBounded } from "./read-bounded.ts";

const HOW_TO_MEND =
  "Put it into the folder, or make a set of descriptors with `buf build -o FILE.binpb` and name that file instead.";

/**
 * Reads a folder of .proto files, compiled in this process (docs/decisions/0014-protos-compiled-at-run-time.md). Protobuf's own files, `google/api`'s, `google/rpc`'s and
 * protovalidate's need not be in it. Throws DescriptorProblem, with file, line and column.
 */
export async function fromFolder(folder: string, limits: DescriptorLimits): Promise<Assembly> {
  const parsed = await parseFolder(folder, limits);
  if (parsed.length === 0) throw new DescriptorProblem("it has no .proto files");
  nameFiles(parsed);
  return assemble(compileFiles(parsed, HOW_TO_MEND), { limits, broken: "refuse", onMissingImport: HOW_TO_MEND });
}

async function parseFolder(folder: string, limits: DescriptorLimits): Promise<readonly ParsedFile[]> {
  const parsed: ParsedFile[] = [];
  let left = limits.maxBytes;
  for (const { path } of await findProtos(folder, limits.maxFiles)) {
    const bytes = await readBounded(join(folder, path), left).catch((error: unknown) => {
      if (error instanceof DescriptorProblem) {
        throw new DescriptorProblem(`its .proto files are larger than ${limits.maxBytes} bytes together`);
      }
      throw error;
    });
    left -= bytes.length;
    parsed.push(parseFile(textFrom(bytes, path), path, limits.maxNesting));
  }
  return parsed;
}

function textFrom(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new DescriptorProblem(`${path} is no text in UTF-8: ${textOf(error)}`);
  }
}

/** Gives files the names that others import them by. */
function nameFiles(parsed: readonly ParsedFile[]): void {
  const files = parsed.map(({ proto }) => ({
    path: proto.name,
    imports: [...proto.dependency, ...proto.optionDependency],
  }));
  const names = findImportNames(files, (name) => knownFile(name) !== undefined);
  for (const { proto } of parsed) {
    const path = proto.name;
    proto.dependency = proto.dependency.map((wanted) => names.resolve(path, wanted));
    proto.optionDependency = proto.optionDependency.map((wanted) => names.resolve(path, wanted));
    proto.name = names.nameOf(path);
  }
}
