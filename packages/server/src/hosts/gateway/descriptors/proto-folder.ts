import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { BigIntStats } from "node:fs";
import { DescriptorProblem } from "./problem.ts";

/** A .proto file that was found in a folder. */
export interface FoundProto {
  /** From the folder, with slashes. */
  readonly path: string;
  readonly stats: BigIntStats;
}

/** Folders in folders that are looked into. */
const MAX_DEPTH = 32;
/** Entries of folders looked at for each file that may be read: who names the wrong folder shall learn it, not wait. */
const ENTRIES_PER_FILE = 20;

/**
 * The .proto files of a folder and of the folders in it, sorted. Left out is what begins with a dot, and `node_modules`. Links are followed (a mounted
 * ConfigMap is made of them), each folder once. Throws DescriptorProblem past a limit, and what Node throws.
 */
export async function findProtos(folder: string, maxFiles: number): Promise<readonly FoundProto[]> {
  const found: FoundProto[] = [];
  const visited = new Set<string>();
  let entries = 0;
  const open: { readonly path: string; readonly depth: number }[] = [{ path: "", depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { path, depth } = next;
    const real = await realpath(join(folder, path));
    if (visited.has(real)) continue;
    visited.add(real);
    if (depth > MAX_DEPTH) throw new DescriptorProblem(`${path} is more than ${MAX_DEPTH} folders deep`);
    for (const entry of await readdir(real, { withFileTypes: true })) {
      if (++entries > maxFiles * ENTRIES_PER_FILE) {
        throw new DescriptorProblem(
          `it has more than ${maxFiles * ENTRIES_PER_FILE} entries: name the folder of the .proto files`,
        );
      }
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
      const isProto = entry.name.endsWith(".proto");
      if (!entry.isDirectory() && !entry.isSymbolicLink() && !isProto) continue;
      const inner = path === "" ? entry.name : `${path}/${entry.name}`;
      const stats = await stat(join(folder, inner), { bigint: true }).catch(goneMeanwhile);
      if (stats?.isDirectory()) open.push({ path: inner, depth: depth + 1 });
      else if (stats?.isFile() && isProto) found.push({ path: inner, stats });
      if (found.length > maxFiles) throw new DescriptorProblem(`it has more than ${maxFiles} .proto files`);
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** A link that leads nowhere, or a file that was removed since the folder was read: not there. */
function goneMeanwhile(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ELOOP") return undefined;
  throw error;
}
