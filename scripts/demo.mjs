// npm run demo: installs what is missing, and shows an API of gRPC behind the gateway, unhooked and hooked. It ends by itself where no one sits before it.
//   npm run demo -- --keep     leaves everything running until Ctrl-C
import { join } from "node:path";
import { installMissing, root } from "./install.mjs";

try {
  installMissing();
  const { goOn } = await import("../packages/server/bin/runtime.mjs");
  await goOn(join(root, "scripts/run-demo.mjs"), process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
