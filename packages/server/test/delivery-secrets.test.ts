// Secrets that deliveries meet on their way stand in no record, no answer and no log.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, describe, it } from "node:test";
import type { Database } from "../src/store/database.ts";
import { createTarget, setExecution } from "./harness/api.ts";
import { createCertificate } from "./harness/certificate.ts";
import { forSuite } from "./harness/cleanup.ts";
import { eventually } from "./harness/eventually.ts";
import { publish, storeOf } from "./harness/events.ts";
import { ADMIN_TOKEN, startServer, type TestServer } from "./harness/server.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";

const PASSWORD = "planted-password-1";
const QUERY = "planted-in-the-query-2";
const LOCATION = "planted-in-a-location-3";
const COOKIE = "planted-cookie-4";
const PUBLISHER = "planted-header-5";
const BASIC = Buffer.from(`me:${PASSWORD}`).toString("base64");
const SECRETS = [PASSWORD, BASIC, QUERY, LOCATION, COOKIE, PUBLISHER, ADMIN_TOKEN];

/** An address with all that can be secret in one. */
const withSecrets = (url: string): string => `${url.replace("://", `://me:${PASSWORD}@`)}hook?key=${QUERY}#${QUERY}`;

describe("secrets of deliveries", () => {
  const suite = forSuite();
  let server: TestServer;
  let database: Database;
  let honest: TestTarget;
  let elsewhere: TestTarget;
  /** The target of each case by its outcome, and its deliveries as the API answers them. */
  const answers = new Map<string, any>();
  before(async () => {
    server = await startServer(suite, { env: { INTERPOSE_LOG_LEVEL: "debug" } });
    database = await storeOf(suite, server);
    const { certFile, keyFile } = await createCertificate(suite);
    const tls = { cert: await readFile(certFile, "utf8"), key: await readFile(keyFile, "utf8") };
    honest = await startTarget(suite, { headers: { "set-cookie": `session=${COOKIE}` } });
    elsewhere = await startTarget(suite);
    const location = `${elsewhere.url.replace("://", `://you:${LOCATION}@`)}other?sign=${LOCATION}`;
    const endpoints: Readonly<Record<string, string>> = {
      succeeded: honest.url,
      "succeeded elsewhere": (await startTarget(suite, { status: 307, headers: { location } })).url,
      redirect: (await startTarget(suite, { status: 302, headers: { location } })).url,
      status: (await startTarget(suite, { status: 500, headers: { "set-cookie": COOKIE } })).url,
      tls: (await startTarget(suite, {}, tls)).url,
      connect: "http://127.0.0.1:1/",
      egress_denied: "http://10.0.0.1/",
    };
    const targets = new Map<string, string>();
    for (const [outcome, url] of Object.entries(endpoints)) {
      const id = await createTarget(server, { type: "restAsync", endpoint: withSecrets(url) });
      await server.request("PATCH", `/v1/targets/${id}/settings`, { delivery: { retry: { delays: [] } } });
      targets.set(outcome, id);
    }
    await setExecution(server, { event: { event: "secrets.planted" } }, [...targets.values()]);
    const headers = { cookie: `session=${COOKIE}`, "x-of-publisher": PUBLISHER };
    await publish(server, { type: "secrets.planted", aggregateId: "1", payload: { of: "no secret" } }, { headers });
    for (const [outcome, targetId] of targets) {
      answers.set(
        outcome,
        await eventually(`the end of ${outcome}`, async () => {
          const { body } = await server.request("GET", `/v1/deliveries?targetId=${targetId}`);
          const [delivery] = body.deliveries;
          if (!/_(SUCCEEDED|DEAD)$/.test(delivery.state)) return undefined;
          return (await server.request("GET", `/v1/deliveries/${delivery.id}`)).body;
        }),
      );
    }
  });

  const assertNone = (where: string, text: string): void => {
    for (const secret of SECRETS) assert.equal(text.includes(secret), false, `${where} has ${secret}`);
  };

  it("reach the endpoint that they are for, and no other", () => {
    const [call, redirected] = [honest.calls[0], elsewhere.calls[0]];
    assert.ok(call && redirected);
    assert.deepEqual([call.headers.authorization, call.path], [`Basic ${BASIC}`, `/hook?key=${QUERY}`]);
    assert.equal(redirected.path, `/other?sign=${LOCATION}`);
    assertNone("the other endpoint", String(redirected.headers.authorization));
    for (const { headers, body } of [...honest.calls, ...elsewhere.calls]) {
      const { authorization: _own, ...others } = headers;
      assertNone("what targets are told", JSON.stringify([others, body]));
    }
  });

  it("stand in no answer about deliveries, whatever they came to", async () => {
    for (const [outcome, { delivery, attempts }] of answers) {
      const [wanted] = outcome.split(" ");
      assert.equal(delivery.reason ?? "succeeded", wanted, outcome);
      assert.equal(attempts.length, 1, outcome);
      if (outcome !== "egress_denied") assert.match(attempts[0].url, /^https?:\/\/127\.0\.0\.1:\d+\/(hook|other)$/);
      assertNone(`the answer on ${outcome}`, JSON.stringify([delivery, attempts]));
    }
    assert.equal(answers.get("succeeded").attempts[0].requestHeaders.authorization, "(hidden)");
    const list = await server.request("GET", "/v1/deliveries");
    assert.equal(list.body.deliveries.length, answers.size);
    assertNone("the list", JSON.stringify(list.body));
  });

  it("stand in no row that is stored but the target's own", async () => {
    for (const table of ["deliveries", "attempts", "queues", "workers", "events"]) {
      const rows = await database.query<{ readonly text: string }>({
        text: `select t::text as text from interpose.${table} t`,
        values: [],
      });
      assert.ok(rows.length > 0, table);
      for (const { text } of rows) assertNone(table, text);
    }
    const replies = await database.query<{ readonly reply: Buffer | null }>({
      text: "select reply from interpose.attempts",
      values: [],
    });
    for (const { reply } of replies) assertNone("a reply", String(reply ?? ""));
  });

  it("stand in no log, also at the level debug", () => {
    const log = server.stdout() + server.stderr();
    assert.equal(log.split('"delivery.attempted"').length - 1, answers.size);
    assertNone("the log", log);
  });
});
