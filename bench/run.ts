// Runs benchmarks on the running Node. See scripts/bench.mjs, which finds one that is new enough.
import { existsSync, readdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { stopSignal } from "../packages/server/src/cli/stop-signal.ts";
import { createTeardown, type Teardown } from "../packages/server/src/assembly/teardown.ts";
import { holds, type Benchmark, type Work } from "./harness/benchmark.ts";
import { describeMachine } from "./harness/machine.ts";
import { markdownReport, terminalReport } from "./harness/report.ts";

const HERE = new URL("./", import.meta.url);
const stop = stopSignal();
const USAGE = "usage: npm run bench -- [--quick] [NAME ...]";

/** Runs benchmarks one after another, and answers what to exit with: 0 when every bound holds, 1 when one does not, 2 for a wrong command line. */
async function main(args: readonly string[]): Promise<number> {
  const known = names();
  const { positionals, quick } = parse(args);
  const unknown = positionals.filter((name) => !known.includes(name));
  if (quick === undefined || unknown.length > 0) {
    const what = unknown.length > 0 ? `There is no benchmark ${unknown.join(", ")}. ` : "";
    process.stderr.write(`${what}${USAGE}\nBenchmarks: ${known.join(", ")}\n`);
    return 2;
  }
  const failed: string[] = [];
  for (const name of positionals.length > 0 ? positionals : known) {
    if (!(await runOne(name, quick ? "quick" : "full"))) failed.push(name);
  }
  if (failed.length === 0) return 0;
  process.stderr.write(`\nA bound does not hold: ${failed.join(", ")}\n`);
  return 1;
}

function parse(args: readonly string[]): { readonly positionals: readonly string[]; readonly quick?: boolean } {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      options: { quick: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    return { positionals, quick: values.quick };
  } catch {
    return { positionals: [] };
  }
}

/** A benchmark is a folder with an index.ts in it. */
function names(): readonly string[] {
  const folders = readdirSync(HERE, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders
    .map(({ name }) => name)
    .filter((name) => existsSync(new URL(`${name}/index.ts`, HERE)))
    .sort();
}

/** Runs one, prints and writes its report, and answers whether its bounds hold. The numbers of a quick run decide nothing. */
async function runOne(name: string, effort: Work["effort"]): Promise<boolean> {
  const { benchmark } = (await import(new URL(`${name}/index.ts`, HERE).href)) as { benchmark: Benchmark };
  const teardown = stoppableTeardown();
  const progress = (text: string): void => void process.stderr.write(`${name}: ${text}\n`);
  try {
    const findings = await Promise.race([benchmark.measure({ effort, progress, teardown }), interruption()]);
    process.stdout.write(terminalReport(name, benchmark, findings));
    if (effort === "quick") {
      process.stdout.write(
        "\nA quick run shows that everything works. Its numbers mean nothing, and no report was written.\n",
      );
      return true;
    }
    const report = markdownReport(name, benchmark, findings, describeMachine(new Date()));
    await mkdir(new URL("reports/", HERE), { recursive: true });
    await writeFile(new URL(`reports/${name}.md`, HERE), report);
    if (findings.picture !== undefined) await writeFile(new URL(`reports/${name}.svg`, HERE), findings.picture);
    return findings.bounds.length > 0 && findings.bounds.every(holds);
  } finally {
    await teardown.run();
  }
}

/** A teardown to which nothing can be added any more once everything shall stop: nothing is started that would stay behind. */
function stoppableTeardown(): Teardown {
  const teardown = createTeardown();
  return {
    add(step, work) {
      stop.throwIfAborted();
      teardown.add(step, work);
    },
    run: teardown.run,
  };
}

/** Rejects when the user, or whatever started this, wants it to stop. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    stop.addEventListener("abort", () => reject(stop.reason as Error), { once: true });
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!stop.aborted) throw error;
  process.stderr.write(`stopped: ${String(stop.reason)}\n`);
  process.exitCode = 1;
}
