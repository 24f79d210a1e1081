import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { Command } from "commander";
import { allCommands } from "../../test/harness/commands.ts";

const GOLDEN = new URL("../../test/golden/", import.meta.url);
const WRITE = "INTERPOSE_TEST_WRITE_HELP";

function fileOf(name: string): string {
  return `help${name === "" ? "" : `-${name.replaceAll(" ", "-")}`}.txt`;
}

/** What `--help` prints on a terminal of 80 columns. */
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({
    writeOut: (part) => (text += part),
    getOutHelpWidth: () => 80,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text;
}

describe("--help", () => {
  const commands = allCommands();
  for (const { name, command } of commands) {
    it(`of interpose ${name} is what was reviewed`, () => {
      const golden = new URL(fileOf(name), GOLDEN);
      const text = helpOf(command);
      if (process.env[WRITE]) writeFileSync(golden, text);
      assert.equal(
        text,
        existsSync(golden) ? readFileSync(golden, "utf8") : "",
        `look at the difference, and write it with ${WRITE}=1`,
      );
    });
  }

  it("has no reviewed text of a command that is gone", () => {
    const known = commands.map(({ name }) => fileOf(name));
    const stale = readdirSync(GOLDEN).filter((file) => file.startsWith("help") && !known.includes(file));
    if (process.env[WRITE]) for (const file of stale) rmSync(new URL(file, GOLDEN));
    assert.deepEqual(stale, [], `delete them, or let ${WRITE}=1 do it`);
  });
});
