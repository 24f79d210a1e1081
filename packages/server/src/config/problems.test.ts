import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { load, problemsOf, type GivenSettings } from "../../test/harness/settings.ts";
import { LEAVES, maskedSettings } from "./index.ts";

function checkRefused(given: GivenSettings, expected: readonly string[]): void {
  assert.deepEqual(
    problemsOf(() => load(given)),
    expected,
  );
}

describe("a value that is wrong", () => {
  const cases: readonly { readonly given: GivenSettings; readonly says: string }[] = [
    {
      given: { env: { INTERPOSE_PORT: "80a" } },
      says: 'port (INTERPOSE_PORT): Invalid input: expected number, received string. It is "80a".',
    },
    {
      given: { env: { INTERPOSE_PORT: "1.5" } },
      says: 'port (INTERPOSE_PORT): Invalid input: expected number, received string. It is "1.5".',
    },
    {
      given: { flags: { port: "65536" } },
      says: "port (--port): Too big: expected number to be <=65535. It is 65536.",
    },
    {
      given: { yaml: "# the port\nport: -1\n" },
      says: "port (interpose.yaml:2): Too small: expected number to be >=0. It is -1.",
    },
    {
      given: { yaml: "port: 80.5\n" },
      says: "port (interpose.yaml:1): Invalid input: expected int, received number. It is 80.5.",
    },
    {
      given: { yaml: "port: '80'\n" },
      says: 'port (interpose.yaml:1): Invalid input: expected number, received string. It is "80".',
    },
    {
      given: { env: { INTERPOSE_REFLECTION: "yes" } },
      says: 'reflection (INTERPOSE_REFLECTION): Invalid input: expected boolean, received string. It is "yes".',
    },
    {
      given: { flags: { "log.level": "loud" } },
      says: 'log.level (--log-level): Invalid option: expected one of "debug"|"info"|"warn"|"error"|"silent". It is "loud".',
    },
    {
      given: { yaml: "egress:\n  allow: 10.0.0.0/8\n" },
      says: 'egress.allow (interpose.yaml:2): Invalid input: expected array, received string. It is "10.0.0.0/8".',
    },
    {
      given: { yaml: "egress:\n  allow:\n    - 10.0.0.0/8\n    - 7\n" },
      says: 'egress.allow.1 (interpose.yaml:2): Invalid input: expected string, received number. It is ["10.0.0.0/8",7].',
    },
    {
      given: { yaml: "functions:\n  - name: a b\n" },
      says: 'functions.0.name (interpose.yaml:1): "a b" is no name of a function. Use up to 200 letters, digits, ".", "_" and "-", the first one a letter. It is [{"name":"a b"}].',
    },
    {
      given: { yaml: "functions:\n  - {name: preuserinfo}\n" },
      says: 'functions.0.name (interpose.yaml:1): "preuserinfo" is built in. Choose another name. It is [{"name":"preuserinfo"}].',
    },
    {
      given: { yaml: "functions:\n  - {name: a}\n  - {name: a}\n" },
      says: 'functions.1.name (interpose.yaml:1): "a" is there twice. Choose another name. It is [{"name":"a"},{"name":"a"}].',
    },
    {
      given: { yaml: "functions:\n  - {name: a, input: {type: text}}\n" },
      says: 'functions.0.input (interpose.yaml:1): #/type must be one or several of null, boolean, number, integer, string, array, object. It is [{"name":"a","input":{"type":"text"}}].',
    },
    {
      given: { yaml: "functions:\n  - {name: a, inputs: {}}\n" },
      says: 'functions.0 (interpose.yaml:1): Unrecognized key: "inputs". It is [{"name":"a","inputs":{}}].',
    },
    {
      given: { env: { INTERPOSE_SHUTDOWN_TIMEOUT_SECONDS: "3601" } },
      says: "shutdownTimeoutSeconds (INTERPOSE_SHUTDOWN_TIMEOUT_SECONDS): Too big: expected number to be <=3600. It is 3601.",
    },
    {
      given: { env: { INTERPOSE_TLS_CERT: "cert.pem" } },
      says: "tls.key: is missing. Others were set that need it.",
    },
    {
      given: { env: { INTERPOSE_CONSOLE_OIDC_CLIENT_ID: "console" } },
      says: "oidc: is missing. Others were set that need it.",
    },
    {
      given: { yaml: "host:\n" },
      says: "host (interpose.yaml:1): Invalid input: expected string, received null. It is null.",
    },
  ];
  for (const { given, says } of cases) it(says, () => checkRefused(given, [says]));

  const oidc = { INTERPOSE_OIDC_ISSUER: "https://id.example.com", INTERPOSE_OIDC_AUDIENCE: "interpose" };
  it("of the role mapping is named with its role", () => {
    checkRefused({ env: { ...oidc, INTERPOSE_OIDC_ROLE_MAPPING: "dev=boss" } }, [
      'oidc.roleMapping.dev (INTERPOSE_OIDC_ROLE_MAPPING): Invalid option: expected one of "admin"|"editor"|"viewer"|"none". It is {"dev":"boss"}.',
    ]);
    checkRefused({ env: { ...oidc, INTERPOSE_OIDC_ROLE_MAPPING: "dev" } }, [
      'oidc.roleMapping (INTERPOSE_OIDC_ROLE_MAPPING): Invalid input: expected record, received string. It is "dev".',
    ]);
  });

  it("is named with all others at once, wherever they come from", () => {
    checkRefused(
      {
        flags: { port: "x" },
        env: { INTERPOSE_HOTS: "a" },
        yaml: "nonsense: 1\nlog:\n  level: loud\n  fromat: json\n",
      },
      [
        'interpose.yaml:1: there is no setting "nonsense".',
        'interpose.yaml:4: there is no setting "log.fromat". Did you mean log.format?',
        "INTERPOSE_HOTS: there is no such setting. Did you mean INTERPOSE_HOST?",
        'port (--port): Invalid input: expected number, received string. It is "x".',
        'log.level (interpose.yaml:3): Invalid option: expected one of "debug"|"info"|"warn"|"error"|"silent". It is "loud".',
      ],
    );
  });
});

describe("a setting that there is not", () => {
  const cases: readonly { readonly given: GivenSettings; readonly says: string }[] = [
    {
      given: { env: { INTERPOSE_PROT: "1" } },
      says: "INTERPOSE_PROT: there is no such setting. Did you mean INTERPOSE_PORT?",
    },
    { given: { env: { INTERPOSE_SOMETHING_ELSE: "" } }, says: "INTERPOSE_SOMETHING_ELSE: there is no such setting." },
    { given: { yaml: "prot: 1" }, says: 'interpose.yaml:1: there is no setting "prot". Did you mean port?' },
    {
      given: { yaml: "limits:\n  maxMesageBytes: 1\n" },
      says: 'interpose.yaml:2: there is no setting "limits.maxMesageBytes". Did you mean limits.maxMessageBytes?',
    },
    {
      given: { yaml: "egres:\n  allow: []\n" },
      says: 'interpose.yaml:1: there is no setting "egres". Did you mean egress?',
    },
    { given: { yaml: "egress: 10.0.0.0/8" }, says: 'interpose.yaml:1: "egress" must hold settings by name.' },
    { given: { yaml: "port: 1\n7: 8\n" }, says: 'interpose.yaml:2: there is no setting "7".' },
    { given: { yaml: "- port" }, says: "interpose.yaml:1: the file must hold settings by name." },
    { given: { yaml: "just a text" }, says: "interpose.yaml:1: the file must hold settings by name." },
  ];
  for (const { given, says } of cases) it(says, () => checkRefused(given, [says]));

  it("is not one of the command line's, the launcher's or the tests' variables", () => {
    const others = ["URL", "TOKEN", "LAUNCH_CHANNEL", "TEST_STORE"].map((name) => [`INTERPOSE_${name}`, "x"]);
    assert.equal(load({ env: Object.fromEntries(others) as Record<string, string> }).port, 8080);
  });
});

describe("secrets", () => {
  const secret = "s3cret";
  const cases: readonly GivenSettings[] = [
    { env: { INTERPOSE_ADMIN_TOKEN: secret } },
    { flags: { adminToken: secret } },
    { yaml: `adminToken: ${secret}\n` },
    { yaml: `adminToken: [${secret}]\n` },
    { yaml: `adminTokn: ${secret}\n` },
    { yaml: `adminToken: "${secret}\n` },
    { yaml: `adminToken: x: ${secret}\n` },
    { yaml: `adminToken: {${secret}\n` },
    { env: { INTERPOSE_DATABASE_URL: `mysql://u:${secret}@h/d` } },
    { env: { DATABASE_URL: `postgres://u:${secret}@h:port/d` } },
    { yaml: `database: postgres://u:${secret}@h/d\n` },
    { yaml: `database:\n  url: postgres://u:${secret}@h/d\n` },
  ];
  for (const given of cases) {
    it(`are not shown when ${JSON.stringify(given).replace(secret, "…")} is refused`, () => {
      const problems = problemsOf(() => load(given));
      assert.ok(problems.length > 0);
      assert.ok(!problems.join("\n").includes(secret), problems.join("\n"));
    });
  }

  it("are not shown among the settings, which are all there", () => {
    const token = `${secret}-that-is-long-enough`;
    const key = Buffer.alloc(32, "k").toString("base64");
    const env = {
      INTERPOSE_ADMIN_TOKEN: token,
      DATABASE_URL: `postgres://u:${secret}@h/d`,
      INTERPOSE_SECRETS_FORMER_KEYS: `${key},${key}`,
      INTERPOSE_GATEWAYS: JSON.stringify([{ name: "a", listen: "1", upstream: `http://u:${secret}@h/p@q` }]),
    };
    const masked = maskedSettings(load({ env }));
    const value = (path: string): unknown => masked.find((each) => each.path === path)?.value;
    assert.ok(!JSON.stringify(masked).includes(secret));
    assert.ok(!JSON.stringify(masked).includes(key));
    assert.equal(value("adminToken"), "********");
    assert.equal(value("databaseUrl"), "********");
    assert.deepEqual(value("secrets.formerKeys"), ["********", "********"]);
    assert.equal((value("gateways") as { upstream: string }[])[0]?.upstream, "http://********@h/p@q");
    assert.equal(value("limits.maxReplyBytes"), 1024 * 1024);
    assert.deepEqual(
      masked.map(({ path }) => path),
      LEAVES.map(({ path }) => path.join(".")),
    );
    const unset = maskedSettings(load({})).find(({ path }) => path === "adminToken");
    assert.ok(unset && unset.value === undefined, "one that is not set is not shown as if it were");
  });
});
