import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { directoryWith, load, problemsOf, type GivenSettings } from "../../test/harness/settings.ts";
import { loadSettings } from "./index.ts";

function check(path: string, given: GivenSettings, expected: unknown): void {
  const value = path
    .split(".")
    .reduce<unknown>((branch, name) => (branch as Record<string, unknown> | undefined)?.[name], load(given));
  assert.deepEqual(value, expected);
}

describe("where a setting comes from", () => {
  const cases: readonly { readonly title: string; readonly given: GivenSettings; readonly finds: number }[] = [
    { title: "the default, where nothing is given", given: {}, finds: 8080 },
    { title: "the file", given: { yaml: "port: 1" }, finds: 1 },
    { title: "the environment, before the file", given: { yaml: "port: 1", env: { INTERPOSE_PORT: "2" } }, finds: 2 },
    {
      title: "a flag, before all",
      given: { yaml: "port: 1", env: { INTERPOSE_PORT: "2" }, flags: { port: "3" } },
      finds: 3,
    },
    {
      title: "the file, where the variable is set to nothing",
      given: { yaml: "port: 1", env: { INTERPOSE_PORT: "" } },
      finds: 1,
    },
    { title: "the default, where the file is empty", given: { yaml: "" }, finds: 8080 },
    { title: "the default, where the file has comments alone", given: { yaml: "# port: 1\n" }, finds: 8080 },
  ];
  for (const { title, given, finds } of cases) it(title, () => check("port", given, finds));

  it("each setting for itself, also within one branch", () => {
    const given = {
      yaml: "limits:\n  maxMessageBytes: 1\n  maxReplyBytes: 1\n",
      env: { INTERPOSE_LIMITS_MAX_REPLY_BYTES: "2" },
    };
    assert.deepEqual(load(given).limits, {
      maxMessageBytes: 1,
      maxHeldBytes: 256 * 1024 * 1024,
      maxPayloadBytes: 4 * 1024 * 1024,
      maxReplyBytes: 2,
      maxRunSeconds: 60,
      maxRunDepth: 5,
    });
  });

  it("DATABASE_URL, behind INTERPOSE_DATABASE_URL and before the file", () => {
    const [a, b, c] = ["postgres://a/a", "postgresql://b/b", "postgres://c/c"];
    check("databaseUrl", { env: { DATABASE_URL: a } }, a);
    check("databaseUrl", { env: { DATABASE_URL: a, INTERPOSE_DATABASE_URL: b } }, b);
    check("databaseUrl", { env: { DATABASE_URL: a, INTERPOSE_DATABASE_URL: "" } }, a);
    check("databaseUrl", { env: { DATABASE_URL: a }, yaml: `databaseUrl: ${c}` }, a);
    check("databaseUrl", { env: { DATABASE_URL: "" }, yaml: `databaseUrl: ${c}` }, c);
  });

  it("nothing of a branch that may be missing, when nothing in it is given", () => {
    assert.equal(load({}).oidc, undefined);
    assert.equal(load({ yaml: "oidc:\ntls: {}\n" }).oidc, undefined);
    assert.equal(load({ yaml: "oidc:\ntls: {}\n" }).tls, undefined);
  });
});

describe("the form of a value", () => {
  const list = "egress.allow";
  const mapping = "oidc.roleMapping";
  const oidc = { INTERPOSE_OIDC_ISSUER: "https://id.example.com", INTERPOSE_OIDC_AUDIENCE: "interpose" };
  const cases: readonly { readonly path: string; readonly given: GivenSettings; readonly becomes: unknown }[] = [
    { path: "reflection", given: { env: { INTERPOSE_REFLECTION: "false" } }, becomes: false },
    { path: "reflection", given: { flags: { reflection: "true" }, yaml: "reflection: false" }, becomes: true },
    { path: "port", given: { env: { INTERPOSE_PORT: " 9000 " } }, becomes: 9000 },
    { path: "host", given: { env: { INTERPOSE_HOST: "::1" } }, becomes: "::1" },
    { path: list, given: { env: { INTERPOSE_EGRESS_ALLOW: "10.0.0.0/8" } }, becomes: ["10.0.0.0/8"] },
    {
      path: list,
      given: { env: { INTERPOSE_EGRESS_ALLOW: " 10.0.0.0/8, ::1/128 ,," } },
      becomes: ["10.0.0.0/8", "::1/128"],
    },
    { path: list, given: { flags: { [list]: "a,b" } }, becomes: ["a", "b"] },
    { path: list, given: { yaml: "egress:\n  allow: [a, b]\n" }, becomes: ["a", "b"] },
    {
      path: mapping,
      given: { env: { ...oidc, INTERPOSE_OIDC_ROLE_MAPPING: "platform = admin, dev=editor," } },
      becomes: { platform: "admin", dev: "editor" },
    },
    {
      path: mapping,
      given: { env: { ...oidc, INTERPOSE_OIDC_ROLE_MAPPING: "cn=dev=viewer" } },
      becomes: { "cn=dev": "viewer" },
    },
    {
      path: mapping,
      given: { env: oidc, yaml: "oidc:\n  roleMapping:\n    platform: admin\n" },
      becomes: { platform: "admin" },
    },
  ];
  for (const { path, given, becomes } of cases) {
    const { flags = {}, env = {}, yaml } = given;
    const text = [...Object.values(flags), ...Object.values(env), ...(yaml === undefined ? [] : [yaml])].at(-1);
    it(`${path}: ${JSON.stringify(text)} is ${JSON.stringify(becomes)}`, () => check(path, given, becomes));
  }
});

describe("the settings file", () => {
  const cases: readonly { readonly yaml: string; readonly says: RegExp }[] = [
    { yaml: "port: 1\nhost: [a\n", says: /^interpose\.yaml:\d: Flow sequence in block collection must be/ },
    { yaml: "port: 1\nport: 2\n", says: /^interpose\.yaml:2: Map keys must be unique/ },
    { yaml: "port: 1\n---\nport: 2\n", says: /^interpose\.yaml:2: Source contains multiple documents/ },
    { yaml: "port: *nowhere\n", says: /^interpose\.yaml: Unresolved alias .*: nowhere\.$/ },
    { yaml: "port: 1\n\thost: a\n", says: /^interpose\.yaml:2: / },
  ];
  for (const { yaml, says } of cases) {
    it(`is refused as ${JSON.stringify(yaml)}, with the line`, () => {
      const problems = problemsOf(() => load({ yaml }));
      assert.ok(
        problems.some((problem) => says.test(problem)),
        problems.join("\n"),
      );
    });
  }

  const named = [
    { title: "--config", from: (file: string) => ({ configFile: file, env: {} }) },
    { title: "INTERPOSE_CONFIG", from: (file: string) => ({ env: { INTERPOSE_CONFIG: file } }) },
  ];
  for (const { title, from } of named) {
    it(`is the one of ${title}, in place of interpose.yaml`, () => {
      const cwd = directoryWith("port: 1");
      writeFileSync(join(cwd, "other.yaml"), "host: a\n");
      const { port, host } = loadSettings({ flags: {}, cwd, ...from("other.yaml") });
      assert.deepEqual([port, host], [8080, "a"]);
    });

    it(`must be there when ${title} names it`, () => {
      const cwd = directoryWith(undefined);
      assert.deepEqual(
        problemsOf(() => loadSettings({ flags: {}, cwd, ...from("other.yaml") })),
        [`${title}: there is no file other.yaml.`],
      );
    });
  }

  it("is the one of --config before that of INTERPOSE_CONFIG", () => {
    const cwd = directoryWith(undefined);
    writeFileSync(join(cwd, "a.yaml"), "port: 1\n");
    assert.equal(loadSettings({ flags: {}, cwd, configFile: "a.yaml", env: { INTERPOSE_CONFIG: "b.yaml" } }).port, 1);
  });

  it("is looked for beside where it is started when INTERPOSE_CONFIG is set to nothing", () => {
    assert.equal(load({ yaml: "port: 1", env: { INTERPOSE_CONFIG: "" } }).port, 1);
  });

  it("must be a file", () => {
    const cwd = directoryWith(undefined);
    const [problem = ""] = problemsOf(() => loadSettings({ flags: {}, env: {}, cwd, configFile: "." }));
    assert.match(problem, /: EISDIR: illegal operation on a directory/);
  });
});
