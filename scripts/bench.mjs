// npm run bench: installs what is missing and runs the benchmarks. Exits with 1 when a bound does not hold.
//   npm run bench -- routing     only the named ones; bench/README.md says more
import { join } from "node:path";
import { installMissing, root } from "./install.mjs";

try {
  installMissing();
  const { goOn } = await import("../packages/server/bin/runtime.mjs");
  await goOn(join(root, "bench/run.ts"), process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
