#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import { flagsFor } from "./node-flags.mjs";
import { goOn } from "./runtime.mjs";

try {
  const args = process.argv.slice(2);
  await goOn(fileURLToPath(new URL("../src/cli/main.ts", import.meta.url)), args, flagsFor(args));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
