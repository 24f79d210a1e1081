import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";
import { cleanUp, type Cleanup } from "../../../server/test/harness/cleanup.ts";

/** Where Debian has it. */
const EXECUTABLE = process.env.INTERPOSE_TEST_CHROMIUM ?? "/usr/bin/chromium";

/** Starts Debian's Chromium, which scripts/run-tests.mjs installs where it is missing. It ends after the test. */
export async function startChromium(t: Cleanup): Promise<Browser> {
  if (!existsSync(EXECUTABLE))
    throw new Error(`There is no Chromium at ${EXECUTABLE}: apt-get install chromium, or set INTERPOSE_TEST_CHROMIUM.`);
  const browser = await chromium.launch({
    executablePath: EXECUTABLE,
    // Containers have no user namespaces for its sandbox, and little shared memory. It sees nothing but our own pages.
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  cleanUp(t, () => browser.close());
  return browser;
}
