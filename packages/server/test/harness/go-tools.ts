import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanUp, type Cleanup } from "./cleanup.ts";

/** Only the Go that is there is used; none is downloaded. */
const ENVIRONMENT = { ...process.env, GOTOOLCHAIN: "local" };

/** Programs of one Go module, which others wrote. */
export interface GoTools {
  /** Where a program is, by the last part of its package's path. */
  path(program: string): string;
  /** Where the module's own files are. */
  readonly module: string;
}

/**
 * Builds programs of a module, given as `module@version` and packages in it; or says in a text why that cannot be done here. Go keeps what it has built, so that
 * it takes some seconds from the second time on. They go with the test.
 */
export function buildGoTools(t: Cleanup, module: string, packages: readonly string[]): GoTools | string {
  const directory = mkdtempSync(join(tmpdir(), "interpose-go-"));
  cleanUp(t, () => rmSync(directory, { recursive: true, force: true }));
  const [name = "", version = ""] = module.split("@");
  const go = (...args: readonly string[]): ReturnType<typeof spawnSync> & { readonly stdout: unknown } =>
    spawnSync("go", args, { env: { ...ENVIRONMENT, GOBIN: directory }, encoding: "utf8", timeout: 300_000 });
  const install = go("install", ...packages.map((path) => `${name}/${path}@${version}`));
  if ((install.error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") return "there is no Go on this machine";
  if (install.status !== 0) return `${module} cannot be built: ${lastLine(install)}`;
  const download = go("mod", "download", "-json", module);
  if (download.status !== 0) return `${module} cannot be had: ${lastLine(download)}`;
  const { Dir } = JSON.parse(String(download.stdout)) as { readonly Dir: string };
  return { path: (program) => join(directory, program), module: Dir };
}

function lastLine({ error, stderr }: ReturnType<typeof spawnSync>): string {
  return error?.message ?? String(stderr).trim().split("\n").at(-1) ?? "";
}
