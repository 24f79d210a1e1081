// npm start: installs what is missing and serves, with targets on loopback allowed, which is where one tries things.
//   npm start -- --port 9000     passes flags on to `interpose serve`
import { join } from "node:path";
import { buildConsoleIfStale } from "./console.mjs";
import { installMissing, root } from "./install.mjs";

try {
  installMissing();
  process.env.INTERPOSE_EGRESS_ALLOW ||= "127.0.0.0/8,::1/128";
  const { findNode, goOn } = await import("../packages/server/bin/runtime.mjs");
  buildConsoleIfStale(findNode());
  const { flagsFor } = await import("../packages/server/bin/node-flags.mjs");
  const args = ["serve", ...process.argv.slice(2)];
  await goOn(join(root, "packages/server/src/cli/main.ts"), args, flagsFor(args));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
