import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { createDatabase } from "../src/store/database.ts";
import { connectionTo, embeddedPaths } from "../src/store/embedded/paths.ts";
import { forSuite } from "./harness/cleanup.ts";
import { checkRefused, commandLine, storeOf } from "./harness/command-line.ts";
import { newDatabaseUrl, testDatabaseUrl } from "./harness/postgres.ts";
import { ADMIN_TOKEN, secretOf, startServer, temporaryDirectory, type TestServer } from "./harness/server.ts";

const BY_URL = process.env.INTERPOSE_TEST_STORE === "url";

/** The token that a server printed, if it did. */
const printedToken = (server: TestServer): string | undefined =>
  /^ {2}Token {4}(ipt_\d+_\S{43})$/m.exec(server.stdout())?.[1];

async function statusOf(server: TestServer, token: string): Promise<number> {
  return (await server.request("POST", "/v3alpha/targets/search", {}, { token })).status;
}

describe("the first start", () => {
  it("prints an admin token, which the second does not, and makes what others may not enter", async (t) => {
    const [dataDir, databaseUrl] = [join(await temporaryDirectory(t), "data"), await testDatabaseUrl(t)];
    const options = { dataDir, databaseUrl, env: { INTERPOSE_ADMIN_TOKEN: undefined } };
    const first = await startServer(t, options);
    const token = printedToken(first) ?? assert.fail(first.stdout());
    assert.match(first.stdout(), /an admin's; it is shown this once/);
    assert.ok(first.stdout().includes(`"Authorization: Bearer ${token}" ${first.url}/v3alpha/executions/methods`));
    const { status, body } = await first.request("GET", "/v1/tokens", undefined, { token });
    assert.equal(status, 200);
    assert.deepEqual([body.tokens[0].name, body.tokens[0].role], ["first admin", "ROLE_ADMIN"]);
    if (!BY_URL) assert.equal((await stat(dataDir)).mode & 0o777, 0o700);
    assert.equal(await first.stop(), 0);
    assert.ok(!first.stderr().includes(secretOf(token)), "the log does not have it");

    const second = await startServer(t, options);
    assert.ok(!second.stdout().includes("ipt_"), second.stdout());
    assert.ok(second.stdout().includes('"Authorization: Bearer $INTERPOSE_TOKEN"'));
    assert.equal(await statusOf(second, token), 200, "the first one's token is still good");
  });

  it("prints none when INTERPOSE_ADMIN_TOKEN brings one, which works and is no other's", async (t) => {
    const server = await startServer(t, { env: { INTERPOSE_ADMIN_TOKEN: "a-token-from-the-operator" } });
    assert.equal(printedToken(server), undefined);
    assert.equal(await statusOf(server, "a-token-from-the-operator"), 200);
    assert.equal(await statusOf(server, ADMIN_TOKEN), 401);
    const { body } = await server.request("GET", "/v1/tokens", undefined, { token: "a-token-from-the-operator" });
    assert.equal(body.tokens, undefined, "none is stored");
  });
});

describe("a running server", () => {
  const suite = forSuite();
  let server: TestServer;
  before(async () => {
    server = await startServer(suite, { env: { INTERPOSE_LOG_LEVEL: "debug" } });
  });

  it("prints the free port that it picked for 0, and where its store is", () => {
    assert.ok(server.port > 0 && server.port !== 8080);
    const { hostname, port, pathname } = new URL(server.databaseUrl ?? "postgres://none");
    const store = BY_URL ? `PostgreSQL at ${hostname}:${port}${pathname}` : `embedded PostgreSQL in ${server.dataDir}`;
    assert.ok(server.stdout().includes(`\n  Store    ${store}\n`), server.stdout());
    assert.match(
      server.stdout(),
      /\n {2}Egress {3}targets may live at public addresses and in 127\.0\.0\.0\/8, ::1\/128\n/,
    );
  });

  it("keeps its port: another one says so, names it, and takes its store down again", async (t) => {
    const env = {
      ...storeOf(server),
      INTERPOSE_PORT: String(server.port),
      INTERPOSE_DATA_DIR: await temporaryDirectory(t),
    };
    const says = `Port ${server.port} of 127.0.0.1 is in use by another program. Stop that one, or choose another INTERPOSE_PORT`;
    await checkRefused(6, [{ args: ["serve"], says, env }]);
    if (!BY_URL) assert.deepEqual((await commandLine(env).json("db", "status")).embedded, { initialized: true });
    assert.equal((await server.request("GET", "/readyz")).status, 200);
  });

  it("keeps its data directory: another one says who has it", { skip: BY_URL && "there is none" }, () =>
    checkRefused(6, [
      {
        args: ["serve", "--port", "0"],
        env: storeOf(server),
        says: `${server.dataDir} is in use by interpose serve (pid ${server.pid}). Stop that one first, choose another INTERPOSE_DATA_DIR, or use a PostgreSQL by INTERPOSE_DATABASE_URL`,
      },
    ]),
  );

  it("never prints a token or a password, whatever becomes of a call", async () => {
    const { body } = await server.request("POST", "/v1/tokens", { name: "secret", role: "ROLE_ADMIN" });
    const token = body.token as string;
    const guess = `ipt_${body.id}_${"x".repeat(43)}`;
    assert.equal(await statusOf(server, token), 200);
    for (const wrong of [guess, "guessed-token", "ey.jw.t"]) assert.equal(await statusOf(server, wrong), 401);
    await server.request("POST", "/v3alpha/targets", { name: 1 }, { token });
    await server.request("POST", `/v1/tokens/${body.id}:revoke`, {}, { token });
    assert.equal(await statusOf(server, token), 401);
    const password = BY_URL
      ? new URL(server.databaseUrl ?? "").password
      : await readFile(join(server.dataDir, "postgres.password"), "utf8");
    const output = server.stdout() + server.stderr();
    assert.match(output, /"event":"call\.ended"/, "there is something to look through");
    for (const secret of [ADMIN_TOKEN, token, secretOf(token), guess, "guessed-token", password]) {
      assert.ok(secret.length > 8);
      assert.ok(
        !output.includes(secret),
        output.split("\n").find((line) => line.includes(secret)),
      );
    }
  });

  it("refuses, once it was stopped, to work on a database that is newer than it", async () => {
    const migration = async (text: string): Promise<void> => {
      const { databaseUrl, dataDir } = server;
      const database = createDatabase(
        databaseUrl === undefined ? await connectionTo(embeddedPaths(dataDir)) : { url: databaseUrl },
      );
      await database.query({ text, values: [] });
      await database.close();
    };
    await migration("insert into interpose.migrations (number, name, checksum) values (9999, 'from the future', '')");
    assert.equal(await server.stop(), 0);
    const says =
      /^The database has migration 9999, and this program knows \d+ of them\. Start a version of Interpose that is at least as new/;
    await checkRefused(6, [
      { args: ["serve", "--port", "0"], env: storeOf(server), says },
      { args: ["db", "migrate"], env: storeOf(server), says },
      { args: ["executions", "list", "--direct"], env: storeOf(server), says },
    ]);
    const [line] = server.stderr().trimEnd().split("\n").slice(-1);
    assert.match(line ?? "", /"event":"server\.stopped","clean":true/);
  });
});

describe("where a server listens", () => {
  const cases = [
    { host: "127.0.0.2", prints: "127.0.0.2", reached: ["127.0.0.2"], unreached: "127.0.0.1" },
    { host: "::1", prints: "[::1]", reached: ["[::1]"], unreached: "127.0.0.1" },
    { host: "0.0.0.0", prints: "127.0.0.1", reached: ["127.0.0.1", "127.0.0.2"], unreached: "[::1]" },
  ];
  const onLinux = process.platform === "linux" ? false : "other systems have one address of IPv4 on loopback";
  it("is INTERPOSE_HOST alone", { skip: onLinux }, async (t) => {
    const [dataDir, databaseUrl] = [await temporaryDirectory(t), await testDatabaseUrl(t)];
    for (const { host, prints, reached, unreached } of cases) {
      const server = await startServer(t, { dataDir, databaseUrl, env: { INTERPOSE_HOST: host } });
      assert.equal(server.url, `http://${prints}:${server.port}`);
      for (const address of reached) {
        const { status } = await fetch(`http://${address}:${server.port}/healthz`);
        assert.equal(status, 200, `${host} by ${address}`);
      }
      await assert.rejects(fetch(`http://${unreached}:${server.port}/healthz`), `${host} by ${unreached}`);
      assert.equal(await server.stop(), 0);
    }
  });
});

describe("a start that cannot be", () => {
  it("ends with 6 and names the setting, with the store taken down again", async (t) => {
    const directory = await temporaryDirectory(t);
    const [dataDir, file] = [join(directory, "data"), join(directory, "a-file")];
    await writeFile(file, "no certificate");
    const env = { INTERPOSE_DATA_DIR: dataDir, INTERPOSE_DATABASE_URL: await testDatabaseUrl(t) };
    // One after the other: they share a store.
    for (const { flags, says } of [
      {
        flags: ["--host", "203.0.113.1"],
        says: "203.0.113.1 is no address of this machine. Choose another INTERPOSE_HOST",
      },
      {
        flags: ["--tls-cert", file],
        says: "A setting is wrong:\n  tls.key: is missing. Others were set that need it.",
      },
      { flags: ["--tls-cert", "no.pem", "--tls-key", file], says: /^tls\.cert: ENOENT: no such file .*'no\.pem'\.$/ },
      {
        flags: ["--tls-cert", file, "--tls-key", file],
        says: /^tls\.cert, tls\.key: .* are no certificate chain with its private key, as PEM: /,
      },
      { flags: ["--egress-allow", "10.0.0.0/99"], says: 'egress.allow: "10.0.0.0/99" is not a network.' },
    ])
      await checkRefused(6, [{ args: ["serve", "--port", "0", ...flags], env, says }]);
    if (!BY_URL) assert.deepEqual((await commandLine(env).json("db", "status")).embedded, { initialized: true });
  });

  it("ends with 6 when the data directory cannot be one", { skip: BY_URL && "there is none" }, async (t) => {
    const file = join(await temporaryDirectory(t), "a-file");
    await writeFile(file, "");
    const says = (dataDir: string): RegExp =>
      new RegExp(`^The data directory ${dataDir} cannot be used: E[A-Z]+: .*\\. Choose another INTERPOSE_DATA_DIR\\.$`);
    await checkRefused(
      6,
      [file, join(file, "below")].map((dataDir) => ({
        args: ["serve", "--port", "0", "--data-dir", dataDir],
        says: says(dataDir),
      })),
    );
  });

  it("ends with 5 and says why when the database cannot be used, and never shows the password", async (t) => {
    const url = new URL(BY_URL ? await newDatabaseUrl(t) : "postgres://user:secret-word@127.0.0.1:1/db");
    const changed = (change: (url: URL) => void): Readonly<Record<string, string>> => {
      const copy = new URL(url);
      copy.password = "secret-word";
      change(copy);
      return { DATABASE_URL: copy.href };
    };
    const reached = (why: string): RegExp =>
      new RegExp(`^The database cannot be reached: ${why}\\. Does it run, and is INTERPOSE_DATABASE_URL right\\?$`);
    await checkRefused(5, [
      {
        args: ["serve", "--port", "0"],
        env: changed((copy) => (copy.port = "1")),
        says: reached("connect ECONNREFUSED 127\\.0\\.0\\.1:1"),
      },
      {
        args: ["serve", "--port", "0"],
        env: changed((copy) => (copy.hostname = "no.such.host.invalid")),
        says: reached("getaddrinfo E[A-Z_]+ no\\.such\\.host\\.invalid"),
      },
      ...(BY_URL
        ? [
            {
              args: ["serve", "--port", "0"],
              env: changed(() => undefined),
              says: reached('password authentication failed for user "tester"'),
            },
            {
              args: ["serve", "--port", "0"],
              env: { DATABASE_URL: Object.assign(new URL(url), { pathname: "/no_such_database" }).href },
              says: reached('database "no_such_database" does not exist'),
            },
          ]
        : []),
    ]);
  });
});
