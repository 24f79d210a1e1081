// The browser that the console is tested with: Debian's.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** Where Debian has it, unless INTERPOSE_TEST_CHROMIUM names another. */
const EXECUTABLE = process.env.INTERPOSE_TEST_CHROMIUM ?? "/usr/bin/chromium";

/** Installs Chromium where it is missing and that can be done. Where it cannot, the tests that need it say so. */
export function installMissingChromium() {
  if (existsSync(EXECUTABLE) || process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  console.error("Installing Chromium for the tests of the console ...");
  for (const args of [
    ["update", "-qq"],
    ["install", "-y", "-qq", "--no-install-recommends", "chromium"],
  ])
    spawnSync("apt-get", args, { stdio: ["ignore", 2, 2], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
}
