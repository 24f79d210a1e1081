// docs/cli.md and docs/operating.md name what there is, and nothing else.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { Option } from "commander";
import { z } from "zod";
import { allCommands } from "../../test/harness/commands.ts";
import { cliSections } from "../../test/harness/cli-document.ts";
import { LEAVES, settingsSchema } from "../config/index.ts";
import { EXIT_HELP } from "./exit-codes.ts";
import { SHARED_OPTIONS } from "./program.ts";

const MIB = 1024 * 1024;
const read = (name: string): string => readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), "utf8");

describe("docs/cli.md", () => {
  const sections = cliSections();
  const inCommon = sections.get("What commands have in common") ?? "";
  const serve = sections.get("`interpose serve`") ?? "";
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
      it(`names ${option.long} of ${name}`, () => {
        // What several commands have is named once: settings with serve, the way to a server with what commands have in common.
        const places = [section, isInCommon(option) && inCommon, isSetting(option) && serve];
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

describe("docs/operating.md", () => {
  const [, settings = ""] = /\n## Settings\n([\s\S]*?)\n## /.exec(read("operating.md")) ?? [];
  const rows = settings
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").slice(1, -1));

  it("has each setting once, in the order of the schema, by its place in YAML and by its variable", () => {
    const named = rows.flatMap(([paths = "", variables = ""]) => {
      const inCells = [paths, variables].map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text));
      const [path = [], variable = []] = inCells;
      return path.map((each, i) => `${each} ${variable[i]}`);
    });
    assert.deepEqual(
      named,
      LEAVES.map(({ path, variable }) => `${path.join(".")} ${variable}`),
    );
  });

  it("has the defaults that the schema has", () => {
    for (const [paths = "", , shown = ""] of rows) {
      const defaults = [...paths.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => shownDefault(defaultOf(path)));
      assert.equal(shown.trim(), defaults.filter((text) => text !== "").join(", "), paths);
    }
  });
});

/** The value of a setting that is not given, though what it belongs to is. */
function defaultOf(path: string): unknown {
  let schema: z.ZodType = settingsSchema;
  for (const name of path.split(".")) {
    while (!(schema instanceof z.ZodObject)) schema = (schema as z.ZodOptional<z.ZodType>).unwrap();
    schema = (schema.shape as Record<string, z.ZodType>)[name] ?? assert.fail(`there is no setting ${path}`);
  }
  return schema.safeParse(undefined).data;
}

/** A default as the table shows it: large numbers in MiB or KiB, lists as a variable has them, and nothing for what is empty. */
function shownDefault(value: unknown): string {
  if (typeof value === "number" && value % MIB === 0 && value > 0) return `${value / MIB} MiB`;
  if (typeof value === "number" && value % 1024 === 0 && value > 0) return `${value / 1024} KiB`;
  if (Array.isArray(value)) return value.length === 0 ? "" : `\`${value.join(",")}\``;
  return typeof value === "object" || value === undefined ? "" : `\`${JSON.stringify(value).replaceAll('"', "")}\``;
}
