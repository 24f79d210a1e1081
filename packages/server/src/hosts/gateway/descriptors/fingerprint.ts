import { stat } from "node:fs/promises";
import { findProtos } from "./proto-folder.ts";
import { textOf } from "./problem.ts";

/**
 * A text that changes when a file, or a .proto file of a folder, changes: names, sizes, times and inodes. It is looked at again and again rather than watched: file systems that are shared or
 * mounted do not tell of changes, and a file that is replaced is no longer the one that was watched.
 */
export async function fingerprintOf(path: string, maxFiles: number): Promise<string> {
  try {
    const stats = await stat(path, { bigint: true });
    if (!stats.isDirectory()) return printOf(path, stats);
    return (await findProtos(path, maxFiles)).map((found) => printOf(found.path, found.stats)).join("\n");
  } catch (error) {
    // Not there, or not readable: that is a state as well, and loading says more about it.
    return textOf(error);
  }
}

function printOf(
  path: string,
  stats: { readonly mtimeNs: bigint; readonly size: bigint; readonly ino: bigint },
): string {
  return `${path} ${stats.mtimeNs} ${stats.size} ${stats.ino}`;
}
