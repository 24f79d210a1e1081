import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { Validator } from "@cfworker/json-schema";
import { parse } from "yaml";
import { LEAVES, settingsSchema } from "./index.ts";
import { settingsJsonSchema } from "./json-schema.ts";

const DOCS = new URL("../../../../docs/", import.meta.url);
const schema = settingsJsonSchema();
const validator = new Validator(schema, "2020-12");

/** The schema at a path of a setting. */
function at(path: readonly string[]): Readonly<Record<string, unknown>> {
  return path.reduce<Readonly<Record<string, unknown>>>(
    (branch, name) => (branch.properties as Record<string, Readonly<Record<string, unknown>>>)[name] ?? {},
    schema,
  );
}

/** Settings files that documents show. What actions.md shows are documents of actions, which have a schema of their own. */
const EXAMPLES = readdirSync(DOCS)
  .filter((file) => file.endsWith(".md") && file !== "actions.md")
  .flatMap((file) =>
    [...readFileSync(new URL(file, DOCS), "utf8").matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = ""]) => ({
      file,
      value: parse(text) as unknown,
    })),
  )
  .filter(({ value }) => typeof value === "object" && value !== null);

describe("the JSON Schema of interpose.yaml", () => {
  it("has each setting, with its meaning, and marks secrets alone as such", () => {
    for (const { path, description, isSecret } of LEAVES) {
      assert.equal(at(path).description, description, path.join("."));
      assert.equal(at(path).writeOnly, isSecret ? true : undefined, path.join("."));
    }
    assert.ok(!/"(secret|whole)":/.test(JSON.stringify(schema)));
  });

  it("has the defaults that the program has", () => {
    const defaults = settingsSchema.parse({}) as Record<string, unknown>;
    for (const { path } of LEAVES) {
      const value = path.reduce<unknown>(
        (branch, name) => (branch as Record<string, unknown> | undefined)?.[name],
        defaults,
      );
      if (value !== undefined) assert.deepEqual(at(path).default, value, path.join("."));
    }
  });

  it("takes every settings file that the documents show, as the program does", () => {
    assert.ok(EXAMPLES.length >= 3, `there are ${EXAMPLES.length}`);
    for (const { file, value } of EXAMPLES) {
      assert.ok(settingsSchema.safeParse(value).success, `${file}: the program refuses it`);
      assert.deepEqual(validator.validate(value).errors, [], file);
    }
  });

  it("takes versions of HTTP as YAML reads them", () => {
    const gateway = { listen: "8081", upstream: "http://127.0.0.1:9000" };
    for (const text of ["auto", "1.1", "2"])
      assert.ok(validator.validate({ gateway: { ...gateway, http: parse(text) as unknown } }).valid, text);
    assert.ok(!validator.validate({ gateway: { ...gateway, http: 3 } }).valid);
  });

  const wrong: Readonly<Record<string, unknown>> = {
    "a setting that there is not": { prot: 8080 },
    "one below that there is not": { log: { levle: "info" } },
    "a wrong type": { port: "8080" },
    "a number out of bounds": { port: 70_000 },
    "a value that is none of the choices": { log: { level: "loud" } },
    "a token that is too short": { adminToken: "short" },
    "a gateway without its API": { gateway: { listen: "8081" } },
    "a gateway without a name among several": { gateways: [{ listen: "8081", upstream: "http://a" }] },
    "a text in place of a list": { egress: { allow: "10.0.0.0/8" } },
  };
  for (const [what, value] of Object.entries(wrong)) {
    it(`refuses ${what}, as the program does`, () => {
      assert.ok(!settingsSchema.safeParse(value).success);
      assert.ok(!validator.validate(value).valid);
    });
  }
});
