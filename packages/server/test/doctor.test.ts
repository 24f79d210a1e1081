import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { createTarget } from "./harness/api.ts";
import { createCertificate } from "./harness/certificate.ts";
import { cleanUp, forSuite, type Cleanup } from "./harness/cleanup.ts";
import { documentedAnswer, shapeOf } from "./harness/cli-document.ts";
import { storeOf } from "./harness/command-line.ts";
import {
  ADMIN_TOKEN,
  MASTER_KEY,
  runInterpose,
  startServer,
  temporaryDirectory,
  type TestServer,
} from "./harness/server.ts";
import { startTarget } from "./harness/target.ts";

/** A line of the answer. */
interface Line {
  readonly check: string;
  readonly level: string;
  readonly text: string;
  readonly mend?: string;
}

interface Diagnosis {
  readonly code: number | null;
  readonly lines: readonly Line[];
  /** Lines of one check, as `level: text`. */
  of(check: string): readonly string[];
  readonly stdout: string;
}

const LOOPBACK = "127.0.0.0/8,::1/128";

async function doctor(
  env: Readonly<Record<string, string | undefined>>,
  ...options: readonly string[]
): Promise<Diagnosis> {
  const { code, stdout, stderr } = await runInterpose(["doctor", "--json", ...options], env);
  assert.equal(stderr, "");
  const { checks, problems } = JSON.parse(stdout) as { checks: readonly Line[]; problems: number };
  assert.equal(code, problems > 0 ? 7 : 0, stdout);
  return {
    code,
    lines: checks,
    of: (check) => checks.filter((line) => line.check === check).map(({ level, text }) => `${level}: ${text}`),
    stdout,
  };
}

/** A server that takes connections and says nothing. */
async function startSilent(t: Cleanup): Promise<number> {
  const server = createServer((socket) => void socket.on("error", () => undefined));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp(t, () => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("interpose doctor, beside a server", () => {
  const suite = forSuite();
  let server: TestServer;
  before(async () => {
    server = await startServer(suite, { env: { INTERPOSE_ADMIN_TOKEN: ADMIN_TOKEN } });
  });
  const beside = (): Readonly<Record<string, string | undefined>> => ({
    ...storeOf(server),
    INTERPOSE_URL: server.url,
    INTERPOSE_EGRESS_ALLOW: LOOPBACK,
  });

  it("finds nothing wrong where nothing is", async () => {
    const { code, lines, of, stdout } = await doctor(beside());
    assert.deepEqual(
      lines.filter(({ level }) => level !== "ok"),
      [],
    );
    assert.equal(code, 0);
    assert.match(of("database")[0] ?? "", /^ok: .* answers: version \d+.*, \d+ migrations\.$/);
    assert.match(of("vault").join(), /opens the secrets/);
    assert.deepEqual(of("server").length, 4);
    const { checks } = JSON.parse(stdout) as { checks: readonly Line[] };
    const names = [...new Set(checks.map(({ check }) => check))];
    assert.deepEqual(names.slice(0, 3), ["node", "settings", "secrets"]);
    assert.equal(names.at(-1), "server");
  });

  it("tells of targets whose names do not resolve or lead where nothing may be called, without a call", async (t) => {
    const target = await startTarget(t);
    const free = await startSilent(t);
    const ids = [
      await createTarget(server, { name: "good", endpoint: target.url }),
      await createTarget(server, { name: "nameless", endpoint: "https://nowhere.invalid/secret-path" }),
      await createTarget(server, { name: "metadata", endpoint: "http://169.254.169.254/latest" }),
      await createTarget(server, { name: "no tls", endpoint: `https://127.0.0.1:${free}/` }),
    ];
    cleanUp(t, () => Promise.all(ids.map((id) => server.request("DELETE", `/v3alpha/targets/${id}`))));
    const looked = await doctor(beside());
    assert.equal(looked.code, 7);
    const told = looked.of("targets");
    assert.equal(told.length, 2, told.join("\n"));
    assert.match(told[0] ?? "", /^problem: Target "nameless" \(\d+\): nowhere\.invalid: .*\(dns\)\.$/);
    assert.match(told[1] ?? "", /^problem: Target "metadata" .*never called \(egress_denied\)\.$/);
    assert.ok(!looked.stdout.includes("secret-path"));
    assert.deepEqual(shapeOf(JSON.parse(looked.stdout)), shapeOf(documentedAnswer("doctor")));

    const connected = (await doctor(beside(), "--connect")).of("targets");
    assert.equal(connected.length, 3, connected.join("\n"));
    assert.match(connected[2] ?? "", /^problem: Target "no tls" .*\(timeout\)\.$/);
    assert.equal(target.calls.length, 0);

    const inside = await doctor({ ...beside(), INTERPOSE_EGRESS_ALLOW: undefined });
    assert.match(inside.of("targets").join("\n"), /"good".*loopback/, "the rules are those of the settings");
  });

  it("tells of a master key that is another one, and of none", async () => {
    const other = Buffer.alloc(32, "other").toString("base64");
    const { code, of } = await doctor({ ...beside(), INTERPOSE_SECRETS_MASTER_KEY: other });
    assert.equal(code, 7);
    assert.match(
      of("vault").join(),
      /^problem: The secrets in the database cannot be opened: they were sealed with the master key [0-9a-f]{16}\.$/,
    );
  });

  it("prints a line for each finding, with words for symbols and without colours where there is no terminal", async () => {
    const { code, stdout } = await runInterpose(["doctor"], beside());
    assert.equal(code, 0);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.at(-1), "Found no problems and no warnings.");
    for (const line of lines.slice(0, -2)) assert.match(line, /^✓ ok {7}[a-z ]{14} {2}\S.*\.$/);
  });

  it("tells of a server at a URL that is none, and of one that is no Interpose", async (t) => {
    const gone = await doctor({ ...beside(), INTERPOSE_URL: undefined }, "--url", "http://127.0.0.1:1");
    assert.match(
      gone.of("server").join(),
      /^problem: The server at http:\/\/127\.0\.0\.1:1 cannot be reached: connect ECONNREFUSED/,
    );
    const other = createHttpServer((_request, response) => void response.end("hello"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    cleanUp(t, () => void other.close());
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    assert.match(
      (await doctor(beside(), "--url", url)).of("server").join(),
      /^problem: What answers at .* is no Interpose/,
    );
    const { code, stderr } = await runInterpose(["doctor", "--url", "here"], beside());
    assert.equal(code, 2);
    assert.match(stderr, /"here" is no URL of a server/);
  });

  it("tells of a server whose version and clock are others, and that is not ready", async (t) => {
    const date = new Date(Date.now() - 3_600_000).toUTCString();
    const other = createHttpServer((request, response) => {
      const pages: Readonly<Record<string, object>> = {
        "/healthz": { status: "up" },
        "/readyz": { status: "not ready", reason: "the store cannot be reached" },
        "/openapi.json": { info: { version: "0.0.1" } },
      };
      response.writeHead(request.url === "/readyz" ? 503 : 200, { date });
      response.end(JSON.stringify(pages[request.url ?? ""]));
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    cleanUp(t, () => void other.close());
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const [, ready, version, clock] = (await doctor(beside(), "--url", url)).of("server");
    assert.equal(ready, "problem: It is not ready: the store cannot be reached.");
    assert.match(version ?? "", /^warning: It has the version 0\.0\.1; this program has /);
    assert.equal(clock, "warning: Its clock is 1 hour behind this machine's.");
  });

  it("tells of gateways whose API is away, silent about itself, or described", async (t) => {
    const silent = await startSilent(t);
    const gateway = (name: string, upstream: string): object => ({ name, listen: "0", upstream });
    const described = { ...gateway("described", server.url), descriptors: "reflection" };
    const list = [gateway("away", "http://127.0.0.1:1"), gateway("silent", `http://127.0.0.1:${silent}`), described];
    const { of } = await doctor({ ...beside(), INTERPOSE_GATEWAYS: JSON.stringify(list) });
    const [away, quiet, good] = of("gateways").length === 3 ? of("gateways") : [of("gateways").join(), "", ""];
    assert.match(away ?? "", /^problem: Gateway away: 127\.0\.0\.1:1 cannot be reached: connect ECONNREFUSED/);
    assert.match(quiet ?? "", /^problem: Gateway silent: The descriptors of the reflection of /);
    assert.match(good ?? "", /^ok: Gateway described: .* answers, and \d+ services are described\.$/);
  });
});

describe("interpose doctor, without a server", () => {
  it("says what the first start will make, and makes none of it", async (t) => {
    const dataDir = join(await temporaryDirectory(t), "data");
    const { code, of } = await doctor({ INTERPOSE_DATA_DIR: dataDir, INTERPOSE_PORT: "1" });
    assert.equal(code, 0);
    assert.match(of("data directory").join(), /^ok: .* is not there yet: the first start makes it\.$/);
    assert.match(of("database").join(), /^skipped: .* is not there yet/);
    assert.match(of("server").join(), /^skipped: No server answers at http:\/\/127\.0\.0\.1:1:/);
    assert.ok(!existsSync(dataDir));
  });

  it("starts no embedded PostgreSQL, and leaves the directory as it is", async (t) => {
    const dataDir = await temporaryDirectory(t);
    const env = { INTERPOSE_DATA_DIR: dataDir, INTERPOSE_PORT: "1" };
    assert.equal((await runInterpose(["db", "migrate"], env)).code, 0);
    const before = (await readdir(dataDir)).sort();
    const { code, of } = await doctor(env);
    assert.equal(code, 0);
    assert.match(of("database").join(), /^skipped: .* does not run/);
    assert.deepEqual((await readdir(dataDir)).sort(), before);
  });

  it("tells of settings that a start refuses, each in a line, and skips what needs them", async () => {
    const env = { INTERPOSE_PORT: "many", INTERPOSE_ADMIN_TOKEN: "short-secret", INTERPOSE_NONSENSE: "1" };
    const { code, of, stdout } = await doctor(env);
    assert.equal(code, 7);
    const told = of("settings");
    assert.equal(told.length, 3, told.join("\n"));
    assert.ok(told.every((line) => line.startsWith("problem: ")));
    assert.match(told.join("\n"), /port \(INTERPOSE_PORT\)/);
    assert.ok(!stdout.includes("short-secret"));
    assert.deepEqual(of("targets"), ["skipped: The settings are wrong."]);
    assert.deepEqual(of("node").length, 1);
  });

  it("warns of what is risky", async (t) => {
    const directory = await temporaryDirectory(t);
    const config = join(directory, "risky.yaml");
    const { certFile, keyFile } = await createCertificate(t);
    await chmod(keyFile, 0o644);
    const dataDir = join(directory, "data");
    await mkdir(dataDir, { mode: 0o755 });
    await chmod(dataDir, 0o755);
    const yaml = [
      "host: 0.0.0.0",
      "port: 1",
      `dataDir: ${dataDir}`,
      "adminToken: an-admin-token-in-a-file",
      "egress: {allow: [0.0.0.0/0, 10.0.0.0/8]}",
      "gateways:",
      `  - {name: a, listen: "0.0.0.0:0", upstream: "http://127.0.0.1:1", tls: {cert: ${certFile}, key: ${keyFile}}}`,
    ];
    await writeFile(config, yaml.join("\n"), { mode: 0o644 });
    const { of, stdout } = await doctor({}, "--config", config);
    assert.match(
      of("secrets")[0] ?? "",
      /^warning: .*risky\.yaml holds adminToken, and other users can read it \(mode 0644\)\.$/,
    );
    assert.match(of("secrets")[1] ?? "", /^warning: adminToken is set \(.*risky\.yaml:4\)/);
    assert.deepEqual(of("listening").length, 1);
    assert.match(of("listening").join(), /^warning: host listens on 0\.0\.0\.0 without TLS/);
    assert.match(of("egress").join(), /^warning: egress\.allow has 0\.0\.0\.0\/0: /);
    assert.match(
      of("tls").join("\n"),
      /^warning: gateway a: tls\.cert: expires in \d+ (day|hour)s?\.\nwarning: gateway a: tls\.key: all users can get at/,
    );
    assert.match(of("data directory").join(), /^problem: .* has the mode 0755: other users get in\.$/);
    assert.ok(!stdout.includes("an-admin-token-in-a-file"));
  });

  it("tells of TLS files and egress rules that a start refuses", async () => {
    const { of } = await doctor({
      INTERPOSE_TLS_CERT: "/nowhere/cert.pem",
      INTERPOSE_TLS_KEY: "/nowhere/key.pem",
      INTERPOSE_EGRESS_ALLOW: "not a network",
      INTERPOSE_SECRETS_MASTER_KEY_FILE: "/nowhere/key",
      INTERPOSE_PORT: "1",
    });
    assert.match(of("tls").join(), /^problem: tls\.cert: ENOENT/);
    assert.match(of("egress").join(), /^problem: egress\.allow: "not a network" is neither/);
    assert.match(of("master key").join(), /^problem: There is no file \/nowhere\/key/);
  });

  it("tells of a database that is away, and of one that says nothing, within its time", async (t) => {
    const at = (port: number) => ({
      INTERPOSE_DATABASE_URL: `postgres://me:hidden-password@127.0.0.1:${port}/db`,
      INTERPOSE_SECRETS_MASTER_KEY: MASTER_KEY,
      INTERPOSE_PORT: "1",
    });
    const away = await doctor(at(1));
    assert.match(
      away.of("database").join(),
      /^problem: PostgreSQL at 127\.0\.0\.1:1\/db cannot be used: connect ECONNREFUSED/,
    );
    assert.deepEqual(away.of("targets"), ["skipped: The database cannot be looked at."]);
    const silent = await doctor(at(await startSilent(t)));
    assert.deepEqual(silent.of("database"), ["problem: There was no answer within 6 seconds."]);
    assert.ok(!`${away.stdout}${silent.stdout}`.includes("hidden-password"));
  });
});

describe("interpose settings", () => {
  it("shows each setting with its value and its place, and no secret", async (t) => {
    const directory = await temporaryDirectory(t);
    const config = join(directory, "some.yaml");
    await writeFile(
      config,
      "limits:\n  maxRunDepth: 7\ngateway:\n  listen: 8081\n  upstream: http://me:pass-word@127.0.0.1:1\n".replace(
        "8081",
        '"8081"',
      ),
    );
    const env = { INTERPOSE_ADMIN_TOKEN: ADMIN_TOKEN, INTERPOSE_EGRESS_ALLOW: "a.corp,b.corp" };
    const run = (...options: readonly string[]) => runInterpose(["settings", "--config", config, ...options], env);
    const all = await run("--json");
    assert.equal(all.code, 0, all.stderr);
    const { file, settings } = JSON.parse(all.stdout) as {
      file: string;
      settings: readonly { path: string; value: unknown; from: string }[];
    };
    const of = (path: string): unknown => {
      const found = settings.find((each) => each.path === path);
      return found && [found.value, found.from];
    };
    assert.equal(file, config);
    assert.deepEqual(of("port"), [8080, "default"]);
    assert.deepEqual(of("limits.maxRunDepth"), [7, `${config}:2`]);
    assert.deepEqual(of("adminToken"), ["********", "INTERPOSE_ADMIN_TOKEN"]);
    assert.deepEqual(of("gateway.upstream"), ["http://********@127.0.0.1:1", `${config}:5`]);
    assert.deepEqual(of("egress.allow"), [["a.corp", "b.corp"], "INTERPOSE_EGRESS_ALLOW"]);
    const given = await run("--given");
    assert.equal(given.stdout.trimEnd().split("\n").length, 6, given.stdout);
    for (const { stdout } of [all, given])
      for (const text of [ADMIN_TOKEN, "pass-word"]) assert.ok(!stdout.includes(text));
    const { code, stderr } = await runInterpose(["settings"], { INTERPOSE_PORT: "many" });
    assert.equal(code, 6);
    assert.match(stderr, /^error: A setting is wrong/);
  });
});
