import { DescriptorProblem } from "./problem.ts";

/** A file of a folder, and what it imports. */
export interface ImportingFile {
  /** From the folder, with slashes. */
  readonly path: string;
  readonly imports: readonly string[];
}

/** What files of a folder are called, and what is behind the names that they import. */
export interface ImportNames {
  /** The name that others should import a file by. */
  nameOf(path: string): string;
  /** The name of the file that an import means; the import itself where the folder does not have it. */
  resolve(path: string, wanted: string): string;
}

/**
 * Finds the folders that imports start from. A .proto file does not say which they are: compilers are told (`-I`, buf.yaml). Here they are found by looking where
 * the imported files are: first from the folder itself, then from those between it and the importing file, then anywhere, if it is in one place only.
 * `isKnown` says which files need not be there. Throws DescriptorProblem when an import may mean several files.
 */
export function findImportNames(files: readonly ImportingFile[], isKnown: (name: string) => boolean): ImportNames {
  const paths = new Set(files.map(({ path }) => path));
  const roots = new Set<string>();
  const meant = new Map<string, string>();
  for (const { path, imports } of files) {
    for (const wanted of imports) {
      const found = findImport(path, wanted);
      if (found === undefined) continue;
      meant.set(keyOf(path, wanted), found);
      roots.add(found.slice(0, found.length - wanted.length));
    }
  }
  const longestFirst = [...roots].filter((root) => root !== "").sort((a, b) => b.length - a.length);
  const short = (path: string): string => path.slice(longestFirst.find((root) => path.startsWith(root))?.length ?? 0);
  const count = new Map<string, number>();
  for (const path of paths) count.set(short(path), (count.get(short(path)) ?? 0) + 1);
  // Two files of one name keep their whole paths.
  const nameOf = (path: string): string => (count.get(short(path)) === 1 ? short(path) : path);

  return {
    nameOf,
    resolve(path, wanted) {
      const found = meant.get(keyOf(path, wanted));
      return found === undefined ? wanted : nameOf(found);
    },
  };

  function findImport(importer: string, wanted: string): string | undefined {
    const folders = importer.split("/").slice(0, -1);
    for (let depth = 0; depth <= folders.length; depth++) {
      const path = [...folders.slice(0, depth), wanted].join("/");
      if (paths.has(path)) return path;
    }
    const elsewhere = [...paths].filter((path) => path.endsWith(`/${wanted}`));
    if (elsewhere.length <= 1) return elsewhere[0];
    if (isKnown(wanted)) return undefined;
    throw new DescriptorProblem(
      `${importer} imports "${wanted}", which may be ${elsewhere.slice(0, 3).join(" or ")}: name the folder that imports start from`,
    );
  }
}

function keyOf(path: string, wanted: string): string {
  return `${path}\0${wanted}`;
}
