import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { temporaryDirectory } from "../../../test/harness/server.ts";
import { readActionsFiles } from "./files.ts";
import { escaped, substituted } from "./substitute.ts";

const TARGET = "targets:\n  - name: audit\n    endpoint: https://a.example/\n";

describe("readActionsFiles()", () => {
  async function read(
    t: Parameters<typeof temporaryDirectory>[0],
    texts: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const cwd = await temporaryDirectory(t);
    const names = texts.map((_, i) => `${i + 1}.yaml`);
    for (const [i, name] of names.entries()) await writeFile(join(cwd, name), texts[i] ?? "");
    return readActionsFiles(names, { cwd, env });
  }

  it("puts the lists of several files behind each other", async (t) => {
    const second = "name: shop\ntargets:\n  - name: b\n    endpoint: https://b.example/\n";
    assert.deepEqual(await read(t, [TARGET, "", second]), {
      name: "shop",
      targets: [
        { name: "audit", endpoint: "https://a.example/" },
        { name: "b", endpoint: "https://b.example/" },
      ],
    });
  });

  const wrong: readonly { what: string; texts: readonly string[]; says: readonly string[] }[] = [
    {
      what: "an unknown field",
      texts: [`${TARGET}    timeOut: 5s\n`],
      says: ["1.yaml:4: targets[0].timeOut: there is no such field. Did you mean timeout?"],
    },
    {
      what: "an unknown list",
      texts: ["a: 1\n"],
      says: ["1.yaml:1: a: there is no such field. There are: name, targets,"],
    },
    {
      what: "an ill-typed value",
      texts: [`${TARGET}    interruptOnError: "yes"\n    timeout: 5\n`],
      says: [
        "1.yaml:4: targets[0].interruptOnError: Invalid input: expected boolean",
        "1.yaml:5: targets[0].timeout: Invalid input: expected string",
      ],
    },
    {
      what: "something that is missing",
      texts: ["targets:\n  - type: call\n    name: a\n"],
      says: ["1.yaml:2: targets[0].endpoint: Invalid input"],
    },
    {
      what: "something in the second of two files",
      texts: [TARGET, "\n\ntargets:\n  - name: AUDIT\n    endpoint: https://a.example/\n"],
      says: ['2.yaml:4: targets[1].name: "AUDIT" is targets[0] already.'],
    },
    {
      what: "files of two documents",
      texts: ["name: a\n", "name: b\n"],
      says: [": name: The files are of different documents: a, b."],
    },
    { what: "what is no YAML", texts: ["a: [1\nb: 2"], says: ["1.yaml:"] },
    { what: "a key that is there twice", texts: ["name: a\nname: b\n"], says: ["1.yaml:2: Map keys must be unique"] },
    { what: "what is no map", texts: ["- a\n"], says: ["1.yaml:1: must hold name, targets"] },
    {
      what: "a list that is none",
      texts: ["targets: 1\n"],
      says: ["1.yaml:1: targets: Invalid input: expected array"],
    },
    {
      what: "a variable that is not set",
      texts: [`${TARGET}    timeout: \${LONG}\n`],
      says: ["1.yaml:4: targets[0].timeout: The variable LONG is not set."],
    },
    {
      what: "text that grows without end",
      texts: [
        `a: &a [1,1,1,1,1,1,1,1,1]\n${Array.from("bcdefgh", (x, i) => `${x}: &${x} [${Array(9).fill(`*${"abcdefg"[i]}`).join()}]`).join("\n")}\n`,
      ],
      says: ["1.yaml: Excessive alias count"],
    },
  ];
  for (const { what, texts, says } of wrong) {
    it(`refuses ${what}, with its file, line and path`, async (t) => {
      await assert.rejects(read(t, texts), (error) => {
        assert.ok(error instanceof Error);
        for (const text of says) assert.ok(error.message.includes(text), error.message);
        return true;
      });
    });
  }

  it("refuses a file that is not there, and names it", () => {
    assert.throws(() => readActionsFiles(["none.yaml"], { cwd: "/", env: {} }), /none\.yaml cannot be read: ENOENT/);
  });
});

describe("variables in documents", () => {
  const env = { HOST: "a.example", YAML: "]: {&x", NESTED: "${HOST}" };
  const cases: readonly (readonly [string, string])[] = [
    ["https://${HOST}/${HOST}", "https://a.example/a.example"],
    ["${YAML}", "]: {&x"],
    ["${NESTED}", "${HOST}"],
    ["$${HOST} $HOST ${1} ${", "${HOST} $HOST ${1} ${"],
  ];
  for (const [given, expected] of cases)
    it(`make ${expected} of ${given}`, () =>
      assert.deepEqual(substituted({ a: [given] }, env), { value: { a: [expected] }, problems: [] }));

  it("are none in schemas of functions", () => {
    const document = { functions: [{ name: "f", input: { pattern: "${NONE}" } }] };
    assert.deepEqual(substituted(document, env), { value: document, problems: [] });
  });

  it("are none in what was exported", () => {
    for (const text of ["${HOST}", "$${HOST}", "$$${", "a$", "${"])
      assert.deepEqual(substituted(escaped({ a: text }), env).value, { a: text });
  });
});
