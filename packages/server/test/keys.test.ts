// Keys of targets and of the instance, over the API and on disk; and that what is secret of them stands nowhere.
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { ensureInstanceKey } from "../src/commands/instance-keys.ts";
import { createInterpose } from "../src/index.ts";
import { createKeyBook } from "../src/keys/book.ts";
import { openVault } from "../src/keys/open-vault.ts";
import type { Database } from "../src/store/database.ts";
import { loadKeys } from "../src/store/sql/load-keys.ts";
import { createTarget, expectCalls, setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { commandLine, storeOf as environmentOf } from "./harness/command-line.ts";
import { publish, storeOf } from "./harness/events.ts";
import { eventually } from "./harness/eventually.ts";
import { testDatabaseUrl } from "./harness/postgres.ts";
import { assertRefused } from "./harness/refusals.ts";
import { contextOf } from "./harness/routers.ts";
import {
  ADMIN_TOKEN,
  MASTER_KEY,
  masterKeyOf,
  requestJson,
  runInterpose,
  startServer,
  temporaryDirectory,
  type TestServer,
} from "./harness/server.ts";
import { startTarget } from "./harness/target.ts";

const JWKS_PATHS = ["/.well-known/jwks.json", "/oauth/v2/keys"];

async function instanceOf(database: Database): Promise<string> {
  const [row] = await database.query<{ id: string }>({ text: "select id from interpose.instances", values: [] });
  return row?.id ?? assert.fail("there is no instance");
}

describe("keys over the API", () => {
  const suite = forSuite();
  let server: TestServer;
  let database: Database;
  let endpoint: string;
  let id: string;
  const rotate = (body: object, target = id) => server.request("POST", `/v1/targets/${target}:rotateSigningKey`, body);
  const list = async (): Promise<readonly any[]> =>
    (await server.request("GET", `/v1/targets/${id}/signingKeys`)).body.keys;
  before(async () => {
    server = await startServer(suite, { env: { INTERPOSE_LOG_LEVEL: "debug" } });
    database = await storeOf(suite, server);
    ({ url: endpoint } = await startTarget(suite));
    // Another payload type would have the instance make keys of its own.
    id = await createTarget(server, { endpoint, payloadType: "json" });
  });

  it("are there for each target from the start, and listed without what is secret", async () => {
    const [key, ...others] = await list();
    assert.deepEqual(others, []);
    assert.deepEqual(Object.keys(key).sort(), ["createTime", "id", "kind"]);
    assert.equal(key.kind, "SIGNING_KEY_KIND_HMAC");
  });

  it("are shown once when they are rotated, and expire after the grace, a day by default", async () => {
    const [first] = await list();
    const { status, body } = await rotate({});
    assert.equal(status, 200, JSON.stringify(body));
    assert.match(body.secret, /^[A-Za-z0-9]{36}$/);
    const [next, former] = await list();
    assert.deepEqual(next, body.key);
    assert.equal(former.id, first.id);
    assert.equal(Date.parse(former.expireTime) - Date.parse(next.createTime), 86_400_000);
    await rotate({ grace: "0s" });
    assert.equal((await list()).length, 1);
  });

  it("of Ed25519 are shown by their public half alone", async () => {
    const { body } = await rotate({ kind: "SIGNING_KEY_KIND_ED25519" });
    assert.equal(body.secret, undefined);
    assert.equal(createPublicKey(body.key.publicKey).asymmetricKeyType, "ed25519");
    assert.deepEqual((await list())[0], body.key);
  });

  it("are refused with reasons", async () => {
    assertRefused(await rotate({}, "404"), {
      status: 404,
      code: 5,
      reason: "TARGET_NOT_FOUND",
      says: /no target "404"/,
    });
    for (const grace of ["-1s", "2592001s"])
      assertRefused(await rotate({ grace }), { status: 400, code: 3, reason: "VALIDATION_FAILED", says: /grace/ });
    const unknown = await server.request("GET", "/v1/targets/404/signingKeys");
    const id404 = "QUERY-hj5oaniyrz";
    assertRefused(unknown, { status: 404, code: 5, reason: "TARGET_NOT_FOUND", id: id404, says: /no target "404"/ });
  });

  it("of the instance are public, may be kept for five minutes, and are known once they were made elsewhere", async () => {
    for (const path of JWKS_PATHS) {
      const { status, headers, body } = await server.request("GET", path, undefined, { token: null });
      assert.deepEqual([status, headers.get("content-type"), body], [200, "application/json", { keys: [] }]);
      assert.equal(headers.get("cache-control"), "public, max-age=300");
      assert.equal((await fetch(`${server.url}${path}`, { method: "HEAD" })).status, 200);
      assert.equal((await server.request("POST", path, {}, { token: null })).status, 405);
    }
    const instanceId = await instanceOf(database);
    const secrets = { masterKey: await masterKeyOf(server), formerKeys: [] };
    const vault = await openVault(database, instanceId, { secrets, dataDir: "/nowhere" });
    await ensureInstanceKey({ ...contextOf(database, instanceId), vault });
    for (const path of JWKS_PATHS) {
      const keys = await eventually(`keys at ${path}`, async () => {
        const { body } = await server.request("GET", path, undefined, { token: null });
        return body.keys.length === 1 && body.keys;
      });
      assert.deepEqual(Object.keys(keys[0]).sort(), ["alg", "e", "kid", "kty", "n", "use"]);
    }
  });

  it("stand in no table, no answer, no log and no error, but sealed", async () => {
    // A key that is told of in every way: by an event, a delivery, a rotation.
    await expectCalls(server, id);
    await setExecution(server, { event: { event: "keys.told" } }, [id]);
    await publish(server, { type: "keys.told", aggregateId: "1", payload: {} });
    const { body: rotated } = await rotate({ grace: "60s" });
    await rotate({ grace: "61 s" });
    const instanceId = await instanceOf(database);
    const masterKey = await masterKeyOf(server);
    const vault = await openVault(database, instanceId, {
      secrets: { masterKey, formerKeys: [] },
      dataDir: "/nowhere",
    });
    const book = createKeyBook({ vault, instanceId, now: Date.now, onUnreadable: ({ reason }) => assert.fail(reason) });
    book.update(await loadKeys(database, instanceId));
    const signing = book.credentialsOf(id, endpoint)?.signingKeys ?? [];
    const privateKeys = [
      ...signing.flatMap((key) => (key.kind === "ed25519" ? [key.privateKey] : [])),
      book.tokenSigner()?.privateKey ?? assert.fail("there is no key of the instance"),
    ];
    const secrets: readonly Buffer[] = [
      Buffer.from(masterKey, "base64"),
      ...signing.flatMap((key) => (key.kind === "hmac" ? [Buffer.from(key.secret)] : [])),
      ...privateKeys.map((key) => Buffer.from(key.export({ format: "jwk" }).d ?? "", "base64url")),
    ];
    assert.equal(secrets.length, 5, "the master key, two of HMAC, one of Ed25519, one of RSA");
    assert.ok(secrets.some((secret) => secret.toString() === rotated.secret));

    const assertNone = (where: string, text: string): void => {
      for (const secret of secrets) {
        const forms = [
          secret.toString("latin1"),
          secret.toString("hex"),
          secret.toString("base64"),
          secret.toString("base64url"),
        ];
        for (const form of forms) assert.equal(text.includes(form), false, `${where} has a secret`);
      }
    };
    const tables = await database.query<{ name: string }>({
      text: "select table_name as name from information_schema.tables where table_schema = 'interpose'",
      values: [],
    });
    assert.ok(tables.length > 15);
    for (const { name } of tables) {
      const rows = await database.query<{ text: string }>({
        text: `select t::text as text from interpose.${name} t`,
        values: [],
      });
      assertNone(name, rows.map(({ text }) => text).join("\n"));
    }
    const paths = [
      ["GET", `/v1/targets/${id}/signingKeys`],
      ["GET", `/v1/targets/${id}/settings`],
      ["GET", `/v3alpha/targets/${id}`],
      ["POST", "/v3alpha/targets/search"],
      ["GET", "/v1/events?pageSize=1000"],
      ["GET", "/v1/deliveries"],
      ...JWKS_PATHS.map((path) => ["GET", path]),
    ];
    for (const [verb = "", path = ""] of paths) {
      const { status, body } = await server.request(verb, path, verb === "POST" ? {} : undefined);
      assert.equal(status, 200, path);
      assertNone(path, JSON.stringify(body));
    }
    for (const args of [
      ["db", "status"],
      ["targets", "list", "--direct"],
    ])
      assertNone(args.join(" "), JSON.stringify(await commandLine(environmentOf(server)).json(...args)));
    assertNone("the log", server.stdout() + server.stderr());
  });
});

describe("the master key", () => {
  const OTHER = Buffer.alloc(32, "other").toString("base64");

  /** Settings of a server that is to be refused: exit code 6, and its text. */
  async function checkNoStart(env: Readonly<Record<string, string | undefined>>, says: RegExp): Promise<void> {
    const { code, stderr } = await runInterpose(["serve"], { INTERPOSE_PORT: "0", ...env });
    assert.equal(code, 6, stderr);
    assert.match(stderr, says);
    assert.equal(stderr.includes(OTHER) || stderr.includes(MASTER_KEY), false);
  }

  it("stands in a file for its owner alone, made at the first start; others that can read it stop the start", async (t) => {
    const dataDir = await temporaryDirectory(t);
    const databaseUrl = await testDatabaseUrl(t);
    const env = { INTERPOSE_SECRETS_MASTER_KEY: undefined };
    const server = await startServer(t, { dataDir, databaseUrl, env });
    const path = join(dataDir, "master.key");
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await server.stop();
    await chmod(path, 0o644);
    await checkNoStart({ ...environmentOf(server), ...env }, /has the mode 0644: .*Run "chmod 600/);
    await chmod(path, 0o600);
    const again = await startServer(t, { dataDir, databaseUrl, env });
    assert.equal((await again.request("GET", "/readyz")).status, 200);
  });

  it("that is another one stops the start, with both ids, and nothing is lost", async (t) => {
    const dataDir = await temporaryDirectory(t);
    const databaseUrl = await testDatabaseUrl(t);
    const env = { INTERPOSE_SECRETS_MASTER_KEY: MASTER_KEY };
    const server = await startServer(t, { dataDir, databaseUrl, env });
    await createTarget(server, { endpoint: "https://example.com" });
    await server.stop();
    const says =
      /secrets\.masterKey \(id [0-9a-f]{16}\) is not the one that the secrets in the database were sealed with \(id [0-9a-f]{16}\)/;
    await checkNoStart({ ...environmentOf(server), INTERPOSE_SECRETS_MASTER_KEY: OTHER }, says);
    const none = { ...environmentOf(server), INTERPOSE_SECRETS_MASTER_KEY: undefined };
    await checkNoStart(none, /There is no key file .*master\.key, and the database holds secrets/);
    const cli = commandLine(none);
    assert.equal(
      (await cli.json("tokens", "create", "--direct", "--name", "a", "--role", "admin")).role ?? "admin",
      "admin",
    );
    await startServer(t, { dataDir, databaseUrl, env });
  });

  it("is rotated while a server works that has both", async (t) => {
    const dataDir = await temporaryDirectory(t);
    const databaseUrl = await testDatabaseUrl(t);
    const env = { INTERPOSE_SECRETS_MASTER_KEY: undefined };
    const first = await startServer(t, { dataDir, databaseUrl, env });
    // The store has two secrets alone: its signing key, and the value that servers are checked by.
    const id = await createTarget(first, { endpoint: "https://example.com", payloadType: "json" });
    await first.stop();
    const path = join(dataDir, "master.key");
    await writeFile(path, `${OTHER}\n${await readFile(path, "utf8")}`);
    const second = await startServer(t, { dataDir, databaseUrl, env });
    const cli = commandLine({ ...environmentOf(second), ...env });
    const done = await cli.documented("db rotate-master-key");
    assert.deepEqual([done.resealed, done.dropped], [2, 0]);
    assert.deepEqual(await cli.lines("db", "rotate-master-key"), [
      `Sealed 0 secrets anew: all have the master key ${done.keyId} now.`,
    ]);
    assert.equal((await second.request("POST", `/v1/targets/${id}:rotateSigningKey`, {})).status, 200);
    await second.stop();
    await writeFile(path, `${OTHER}\n`);
    const third = await startServer(t, { dataDir, databaseUrl, env });
    assert.equal((await third.request("GET", `/v1/targets/${id}/signingKeys`)).body.keys.length, 2);
    assert.equal((third.stdout() + third.stderr()).includes("keys.unreadable"), false);
    await third.stop();

    await writeFile(path, `${MASTER_KEY}\n`);
    assert.match(
      await cli.refused(6, "db", "rotate-master-key"),
      new RegExp(`2 could not be opened: they were sealed with ${done.keyId}`),
    );
    const dropped = await cli.json("db", "rotate-master-key", "--drop-unreadable");
    assert.deepEqual([dropped.resealed, dropped.dropped], [0, 3]);
    const fourth = await startServer(t, { dataDir, databaseUrl, env });
    assert.equal(
      (await fourth.request("GET", `/v1/targets/${id}/signingKeys`)).body.keys.length,
      1,
      "it has a new one",
    );
  });

  it("is the same for an Interpose in one's own process", async (t) => {
    const [dataDir, databaseUrl] = [await temporaryDirectory(t), await testDatabaseUrl(t)];
    const options = {
      dataDir,
      ...(databaseUrl !== undefined && { databaseUrl }),
      adminToken: ADMIN_TOKEN,
      log: { level: "silent" },
    } as const;
    const first = await createInterpose(options);
    const url = await first.listen({ port: 0 });
    const id = await createTarget(
      { request: (...args) => requestJson(url, ...args) },
      { endpoint: "https://example.com", payloadType: "json" },
    );
    const { body } = await requestJson(url, "POST", `/v1/targets/${id}:rotateSigningKey`, {});
    assert.match(body.secret, /^[A-Za-z0-9]{36}$/);
    assert.deepEqual((await requestJson(url, "GET", "/oauth/v2/keys", undefined, { token: null })).body, { keys: [] });
    await first.close();
    assert.equal((await stat(join(dataDir, "master.key"))).mode & 0o777, 0o600);
    await assert.rejects(
      createInterpose({ ...options, secrets: { masterKey: OTHER } }),
      /is not the one that the secrets/,
    );
    await assert.rejects(
      createInterpose({ ...options, secrets: { masterKey: "short" } }),
      /must be base64 of 32 bytes/,
    );
  });
});
