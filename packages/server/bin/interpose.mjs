#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import { goOn, SERVER_FLAGS } from "./runtime.mjs";

try {
  await goOn(fileURLToPath(new URL("../src/cli/main.ts", import.meta.url)), process.argv.slice(2), SERVER_FLAGS);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
