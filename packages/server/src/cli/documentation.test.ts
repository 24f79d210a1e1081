// Documents name what there is, and nothing else. What is only listed stands in docs/reference, which is generated (scripts/docs.test.mjs).
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { Option } from "commander";
import { allCommands } from "../../test/harness/commands.ts";
import { cliSections } from "../../test/harness/cli-document.ts";
import { LEAVES } from "../config/index.ts";
import { EXIT_HELP } from "./exit-codes.ts";
import { SHARED_OPTIONS } from "./program.ts";

const DOCS = new URL("../../../../docs/", import.meta.url);
const LOG_EVENTS = readFileSync(new URL("../observe/log.ts", import.meta.url), "utf8");

describe("docs/cli.md", () => {
  const sections = cliSections();
  const inCommon = sections.get("What commands have in common") ?? "";
  const isSetting = ({ long }: Option): boolean => LEAVES.some(({ flag }) => flag === long);
  const isInCommon = ({ long, helpGroupHeading }: Option): boolean =>
    helpGroupHeading === SHARED_OPTIONS || long === "--json" || long === "--config";

  for (const { name, command } of allCommands()) {
    // Groups of commands do nothing by themselves, and what they hold is named.
    if (command.commands.length > 0) continue;
    const section = sections.get(`\`interpose ${name}\``);

    it(`has a section on ${name}, with an example`, () => {
      assert.ok(section !== undefined, `there is no heading "## \`interpose ${name}\`"`);
      assert.match(section, new RegExp(`\`\`\`sh\ninterpose ${name}\\b`));
    });

    for (const option of command.options) {
      // Those of gateways are settings below `gateway`, without that word.
      if (isSetting(option) || (name === "gateway" && !isInCommon(option))) continue;
      it(`names ${option.long} of ${name}`, () => {
        // What several commands have is named once. Settings have a reference of their own.
        const places = [section, isInCommon(option) && inCommon];
        assert.ok(places.some((place) => place && new RegExp(`\`${option.long}[\` ]`).test(place)));
      });
    }
  }

  it("names no command and no option that there is not", () => {
    const text = [...sections.values()].join("\n");
    const names = allCommands().map(({ name }) => name);
    const options = allCommands().flatMap(({ command }) => command.options.map(({ long }) => long));
    for (const heading of sections.keys()) {
      const [, name] = /^`interpose (.*)`$/.exec(heading) ?? [];
      if (name !== undefined) assert.ok(names.includes(name), heading);
    }
    for (const [, option] of text.matchAll(/(--[a-z][a-z-]*)/g))
      assert.ok([...options, "--help"].includes(option), option);
  });

  it("has the exit codes as --help has them", () => {
    const rows = EXIT_HELP.split("\n").flatMap((line) => {
      const [, code, means] = /^ {2}(\d) {2}(.*)$/.exec(line) ?? [];
      return code === undefined ? [] : [`| ${code} | ${means} |`];
    });
    assert.deepEqual(sections.get("Exit codes")?.match(/^\| \d \|.*$/gm), rows);
  });
});

describe("the documents", () => {
  const documents = readdirSync(DOCS).filter((file) => file.endsWith(".md"));
  const variables = [...LEAVES.map(({ variable }) => variable), "INTERPOSE_URL", "INTERPOSE_TOKEN", "INTERPOSE_CONFIG"];
  const groups = new Set(LEAVES.map(({ path: [group = ""] }) => group));

  for (const document of documents) {
    const text = readFileSync(new URL(document, DOCS), "utf8");

    it(`${document} names no variable that there is not`, () => {
      for (const [name] of text.matchAll(/\bINTERPOSE_[A-Z_]*[A-Z]\b/g))
        assert.ok(variables.includes(name) || name.startsWith("INTERPOSE_TEST_"), name);
    });

    it(`${document} names no setting that there is not`, () => {
      const paths = LEAVES.map(({ path }) => path.join("."));
      for (const [, path = ""] of text.matchAll(/`([a-z][A-Za-z]*(?:\.[a-z][A-Za-z]*)+)`/g)) {
        // Other things have dots too: files, and events of the log.
        const isOther = /\.(md|ts|json)$/.test(path) || LOG_EVENTS.includes(`"${path}"`);
        if (isOther || !groups.has(path.split(".")[0] ?? "")) continue;
        assert.ok(
          paths.some((each) => each === path || each.startsWith(`${path}.`) || path.startsWith(`${each}.`)),
          path,
        );
      }
    });
  }
});
