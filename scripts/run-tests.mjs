// Runs the test files on the running Node. See test.mjs, which finds one that is new enough.
import { globSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { installMissingChromium } from "./chromium.mjs";
import { buildConsoleIfStale } from "./console.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const MOST_SLOWEST = 15;
const words = process.argv.slice(2);
// Hundreds of processes load the same modules: what V8 made of them, and what was stripped of their types, is kept for the next ones.
process.env.NODE_COMPILE_CACHE ??= join(root, ".runtime/compile-cache");
const files = globSync(["packages/*/src/**/*.test.ts", "packages/*/test/**/*.test.ts", "scripts/**/*.test.mjs"], {
  cwd: root,
})
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();
/**
 * Files whose tests depend on which store a server has: how it is started, reached, shared, lost and read, and a few of all that is written and found there. To statements and rules both stores are the
 * same PostgreSQL, so that the others would tell nothing more.
 */
const OF_THE_STORE =
  /\/test\/(actions|cli-(actions|failures|groups|store)|cli|delivering|deliveries|doctor|drain|event-deliveries|events|functions|health|hooks|keys|kill|listen|lockout|own-events|publish-in-transaction|runs|secrets|set-execution|start|store-away|targets|tokens|two-servers|watch-(deliveries|events))\.test\.ts$/;
const ofTheStore = files.filter((file) => file.startsWith("packages/server/") && OF_THE_STORE.test(file));

buildConsoleIfStale(process.execPath);
if (files.some((file) => file.startsWith("packages/console/test/"))) installMissingChromium();

const passes = [
  { title: "embedded PostgreSQL", store: "embedded", files },
  { title: "PostgreSQL by URL", store: "url", files: ofTheStore },
].filter((pass) => pass.files.length > 0);

const totals = { passed: 0, failed: 0, skipped: 0 };
/** Files with how long they took, in milliseconds. */
const durations = [];
const failures = [];
for (const { title, store, files: selected } of passes) {
  console.log(`\n== ${title}: ${selected.length} files\n`);
  process.env.INTERPOSE_TEST_STORE = store;
  await runFiles(selected, title);
}
const slowest = durations.sort(([one], [other]) => other - one).slice(0, MOST_SLOWEST);
console.log(
  `\nSlowest:\n${slowest.map(([ms, file]) => `  ${(ms / 1000).toFixed(1).padStart(6)} s  ${file}`).join("\n")}`,
);
if (failures.length > 0) console.log(`\nFailed:\n${failures.map((failure) => `  ${failure}`).join("\n")}`);
console.log(
  `\n${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ""}`,
);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;

/** Runs files, two at a time: three save a seventh of the time, and make tests slow that wait for something. Counts tests: a suite counts as nothing, its tests do; a file that breaks outside of tests counts as failed. */
function runFiles(selected, title) {
  return new Promise((resolve, reject) => {
    const stream = run({
      files: selected.map((file) => join(root, file)),
      concurrency: 2,
      timeout: 600_000,
      forceExit: false,
    });
    stream.on("test:pass", ({ details, skip, todo }) => {
      if (details.type === "suite") return;
      if (skip !== undefined || todo !== undefined) totals.skipped++;
      else totals.passed++;
    });
    stream.on("test:fail", ({ name, file, details }) => {
      if (details.type === "suite" && details.error?.failureType === "subtestsFailed") return;
      totals.failed++;
      failures.push(`${title}: ${file ? relative(root, file) : "?"}: ${name}`);
    });
    stream.on("test:summary", ({ file, duration_ms: ms }) => {
      if (file) durations.push([ms, `${relative(root, file)} (${title})`]);
    });
    stream.on("end", resolve);
    stream.on("error", reject);
    stream.compose(spec).pipe(process.stdout, { end: false });
  });
}
