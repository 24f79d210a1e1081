// npm test: installs what is missing and runs all tests. Those that depend on which store there is run twice: on the embedded PostgreSQL, and on one by URL.
//   npm test -- router hooks     only the files with one of these words in their path
import { join } from "node:path";
import { installMissing, root } from "./install.mjs";

try {
  installMissing();
  const { goOn } = await import("../packages/server/bin/runtime.mjs");
  await goOn(join(root, "scripts/run-tests.mjs"), process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
