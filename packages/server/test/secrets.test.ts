// Secrets are planted in all that Interpose is told and keeps, everything is used, in success and failure, and whatever comes out of it is looked through for each of them, in each form.
// Told deliberately, and the only exceptions: to who creates or rotates it, a signing key of HMAC or a token, in that answer alone (`tellsSecret`); to callers with
// `action.target.signing_key.read`, signing keys of HMAC, where v2beta and v2 show targets; to who may read targets, endpoints as they were given, which may have a password and a query.
// On record, endpoints in messages have no password, but their query.
// In the database, those endpoints, and the key that signs headers of runs, are not sealed.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { before, describe, it } from "node:test";
import { inspect } from "node:util";
import { createKeyBook } from "../src/keys/book.ts";
import { openVault } from "../src/keys/open-vault.ts";
import type { Database } from "../src/store/database.ts";
import { loadKeys } from "../src/store/sql/load-keys.ts";
import { createTarget, methodName, setExecution } from "./harness/api.ts";
import { createCertificate } from "./harness/certificate.ts";
import { forSuite } from "./harness/cleanup.ts";
import { actionClient, TRANSPORTS, type TransportName } from "./harness/clients.ts";
import { storeOf as environmentOf } from "./harness/command-line.ts";
import { publish, storeOf } from "./harness/events.ts";
import { eventually } from "./harness/eventually.ts";
import { gatewayAddress } from "./harness/gateway-address.ts";
import { bearer, grpcJsClient } from "./harness/grpc-js.ts";
import { assertNonePlanted, planted, plantedPem, type Found, type Planted } from "./harness/planted.ts";
import { runInterpose, startServer, type JsonAnswer, type RequestOptions, type TestServer } from "./harness/server.ts";
import { order, SHOP_PROTOS, shopClient, startShop } from "./harness/shop.ts";
import { orderByHttp } from "./harness/shop-by-http.ts";
import { startTarget, type TestTarget } from "./harness/target.ts";
import { startTokenServer } from "./harness/token-server.ts";

const word = (what: string): string => `planted-${what}+/ ${randomBytes(9).toString("base64")}`;
const plain = (what: string): string => `planted-${what}-${randomBytes(9).toString("hex")}`;

const ADMIN = plain("admin-token");
const MASTER_KEY = randomBytes(32);
const NEXT_MASTER_KEY = randomBytes(32);
const CLIENT = { clientId: "interpose", clientSecret: word("oauth-secret") };
const SHARED_CLIENT = { clientId: "shared", clientSecret: word("shared-oauth-secret") };
const HEADER = word("header");
const SHARED_HEADER = word("shared-header");
const PASSWORD = plain("password");
const QUERY = plain("query");
const GRANTED = `${plain("granted")}-`;
const SHARED_GRANTED = `${plain("shared-granted")}-`;
const WRONG_TOKEN = plain("wrong-token");
const COOKIE = plain("cookie");
/** Short enough for a parser to quote it as a whole. */
const SHORT = `s${randomBytes(4).toString("hex")}`;
const HIDDEN = plain("hidden");
const MISPLACED = plain("misplaced");
/** Of those who call an API behind a gateway. */
const CALLER_TOKEN = plain("caller-token");
const CALLER_PASSWORD = plain("caller-password");
/** Of samples that are tried. */
const SAMPLE_PASSWORD = plain("sample-password");
const SAMPLE_ITEM = plain("sample-item");
const SAMPLE_SECRET = plain("sample-secret");
/** What a target says of fields that are hidden from it, whose names it spells as no other does. */
const SPELLED = plain("spelled");

const ON_LIST = { request: { method: methodName("ListTargets") } };
const ON_CREATE = { request: { method: methodName("CreateTarget") } };
const ON_OUTBOUND = { request: { method: "/interpose.v1.TargetService/UpdateTargetOutbound" } };
const ON_ORDER = { request: { method: "/shop.v1.Shop/Order" } };
const ON_ORDERED = { response: { service: "shop.v1.Shop" } };
const ON_LISTED = { response: { method: methodName("ListTargets") } };
const ON_FUNCTION = { function: { name: "preuserinfo" } };
const TYPE = "secrets.planted";

/** An endpoint with what can be secret in one. */
const withSecrets = (url: string, path = "hook"): string =>
  `${url.replace("://", `://me:${PASSWORD}@`)}${path}?key=${QUERY}`;

describe("secrets", () => {
  const suite = forSuite();
  let server: TestServer;
  let database: Database;
  let hook: TestTarget;
  let elsewhere: TestTarget;
  let watcher: TestTarget;
  /** Everything that the API has answered, but for what is told once. */
  const answers: Found[] = [];
  /** Each run with what was recorded of its messages. */
  const runsSeen: string[] = [];
  /** What tries and rehearsals have answered. */
  const tried: JsonAnswer[] = [];
  const rehearsed: any[] = [];
  /** What the command line has printed. */
  const printed: Found[] = [];
  const secrets: Planted[] = [
    planted("the admin token", ADMIN),
    { what: "the master key", bytes: MASTER_KEY },
    { what: "the next master key", bytes: NEXT_MASTER_KEY },
    planted("the secret of a target's OAuth client", CLIENT.clientSecret),
    planted("the secret of the instance's OAuth client", SHARED_CLIENT.clientSecret),
    planted("a header of a target", HEADER),
    planted("a header of the instance", SHARED_HEADER),
    planted("a token that was granted", GRANTED),
    planted("a token that was granted to the instance", SHARED_GRANTED),
    planted("a token that is not valid", WRONG_TOKEN),
    planted("a cookie", COOKIE),
    planted("a short header", SHORT),
    planted("the token of a gateway's caller", CALLER_TOKEN),
    planted("a field that is redacted behind a gateway", CALLER_PASSWORD),
    planted("a redacted field of a sample", SAMPLE_PASSWORD),
    planted("a field of a sample that its execution hides", SAMPLE_ITEM),
    planted("a field of a function's sample that is hidden", SAMPLE_SECRET),
    planted("what a target says of hidden fields", SPELLED),
  ];
  /** Those that stand in a target's endpoint, which those may read who may read targets. */
  const inEndpoints = [planted("a password", PASSWORD), planted("a query", QUERY)];
  /** That comes on record with no message; queries of URLs do. */
  const ofEndpoints = inEndpoints.slice(0, 1);
  /** What a caller writes into a place where it does not belong is answered to that caller at most. */
  const misplaced = planted("a secret in the wrong place", MISPLACED);
  /** What signs the headers of runs: it stands in the database alone. */
  const ofRuns: Planted[] = [];
  /** What targets are not shown. */
  const hidden = planted("a hidden field", HIDDEN);

  /** Asks the server, as the admin, and keeps the answer unless it tells a secret for the one time. */
  async function ask(
    verb: string,
    path: string,
    body?: unknown,
    { tellsSecret = false, ...options }: RequestOptions & { readonly tellsSecret?: boolean } = {},
  ): Promise<JsonAnswer> {
    const headers = { cookie: `session=${COOKIE}`, ...options.headers };
    const answer = await server.request(verb, path, body, { token: ADMIN, ...options, headers });
    if (!tellsSecret)
      answers.push({ where: `${verb} ${path}`, text: JSON.stringify([answer.body, [...answer.headers]]) });
    return answer;
  }
  const asked = async (...args: Parameters<typeof ask>): Promise<any> => {
    const { status, body } = await ask(...args);
    assert.ok(status < 300, `${args[0]} ${args[1]}: ${JSON.stringify(body)}`);
    return body;
  };
  /** For the harness, which learns the signing keys of targets as an admin may. */
  const admin: Pick<TestServer, "request"> = {
    request: (verb, path, body, options) =>
      ask(verb, path, body, { ...options, tellsSecret: path.startsWith("/v2/actions/targets") }),
  };

  async function run(
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
  ): Promise<number | null> {
    const { code, stdout, stderr } = await runInterpose(args, env);
    printed.push({ where: args.join(" "), text: stdout + stderr });
    return code;
  }

  before(async () => {
    const [ofServer, ofClient, unknown] = await Promise.all([
      createCertificate(suite),
      createCertificate(suite),
      createCertificate(suite),
    ]);
    const keyOf = ({ keyFile }: typeof ofServer): Promise<string> => readFile(keyFile, "utf8");
    const clientCertificate = { certificate: ofClient.ca, privateKey: await keyOf(ofClient) };
    secrets.push(plantedPem("the key of a client certificate", clientCertificate.privateKey));

    const shop = await startShop(suite);
    server = await startServer(suite, {
      env: {
        INTERPOSE_GATEWAY_LISTEN: "127.0.0.1:0",
        INTERPOSE_GATEWAY_UPSTREAM: `http://${shop.address}`,
        INTERPOSE_GATEWAY_DESCRIPTORS: SHOP_PROTOS,
        INTERPOSE_GATEWAY_OPENAPI: "true",
        INTERPOSE_ADMIN_TOKEN: ADMIN,
        INTERPOSE_SECRETS_MASTER_KEY: MASTER_KEY.toString("base64"),
        INTERPOSE_LOG_LEVEL: "debug",
        INTERPOSE_HIDDEN_FIELDS: "**.planted_secret",
        NODE_EXTRA_CA_CERTS: ofServer.certFile,
      },
    });
    database = await storeOf(suite, server);
    const password = server.databaseUrl && new URL(server.databaseUrl).password;
    if (password) secrets.push(planted("the password of the database", password));

    hook = await startTarget(suite);
    watcher = await startTarget(suite);
    elsewhere = await startTarget(suite);
    const strict = await startTarget(
      suite,
      {},
      { cert: ofServer.ca, key: await keyOf(ofServer), clientCa: ofClient.ca },
    );
    const untrusted = await startTarget(suite, {}, { cert: unknown.ca, key: await keyOf(unknown) });
    const [issuer, refusing, shared] = [
      await startTokenServer(suite, CLIENT, GRANTED),
      await startTokenServer(suite, CLIENT, GRANTED),
      await startTokenServer(suite, SHARED_CLIENT, SHARED_GRANTED),
    ];
    refusing.refuse();

    // The instance sends what it has to the origin of `hook` alone.
    await asked("PATCH", "/v1/instance/outbound", {
      origins: [new URL(hook.url).origin],
      headers: { "X-Shared": SHARED_HEADER },
      oauth2Client: { tokenUrl: shared.url, ...SHARED_CLIENT },
    });

    const location = `${elsewhere.url.replace("://", `://you:${PASSWORD}@`)}other?key=${QUERY}`;
    const endpoints: Readonly<Record<string, readonly [url: string, tokenUrl: string]>> = {
      ok: [hook.url, issuer.url],
      mtls: [strict.url, issuer.url],
      status: [(await startTarget(suite, { status: 500 })).url, issuer.url],
      unauthorized: [(await startTarget(suite, { status: 401 })).url, issuer.url],
      refused: [(await startTarget(suite, { body: { forwardedStatusCode: 403 } })).url, issuer.url],
      "not json": [(await startTarget(suite, { body: "no JSON" })).url, issuer.url],
      mismatch: [(await startTarget(suite, { body: { query: "no query" } })).url, issuer.url],
      slow: [(await startTarget(suite, "hang")).url, issuer.url],
      redirected: [(await startTarget(suite, { status: 307, headers: { location } })).url, issuer.url],
      "not followed": [(await startTarget(suite, { status: 302, headers: { location } })).url, issuer.url],
      tls: [untrusted.url, issuer.url],
      connect: ["http://127.0.0.1:1/", issuer.url],
      egress: ["http://10.0.0.1/", issuer.url],
      dns: ["http://no-such-host.invalid/", issuer.url],
      authorization: [hook.url, refusing.url],
      "no token server": [hook.url, `http://127.0.0.1:1/token`],
    };
    const outbound = { headers: { "X-Planted": HEADER }, clientCertificate };

    const gateway = gatewayAddress(server);
    const byGrpc = shopClient(suite, gateway);
    /** Orders through the gateway in each protocol, with secrets of a caller. */
    async function orders(end: string): Promise<void> {
      const message = { item: "tea", count: 1, password: CALLER_PASSWORD };
      const headers = { authorization: `Bearer ${CALLER_TOKEN}`, cookie: `session=${COOKIE}` };
      const outcome = await order(byGrpc, message, bearer(CALLER_TOKEN)).catch((error: unknown) => error);
      answers.push({ where: `${end} behind a gateway`, text: inspect(outcome, { depth: null }) });
      for (const form of ["Connect", "REST"] as const) {
        const { status, body, headers: received } = await orderByHttp(form, gateway, message, headers);
        const text = JSON.stringify([status, body, [...received]]);
        answers.push({ where: `${end} behind a gateway, by ${form}`, text });
      }
    }
    await orders("nothing hooked");

    // Calls that end in each way, in each protocol.
    for (const [end, [url, tokenUrl]] of Object.entries(endpoints)) {
      const id = await createTarget(admin, {
        endpoint: withSecrets(url),
        type: "restCall",
        timeout: end === "slow" ? "0.3s" : "5s",
      });
      await asked("PATCH", `/v1/targets/${id}/outbound`, { ...outbound, oauth2Client: { tokenUrl, ...CLIENT } });
      await setExecution(admin, ON_LIST, [id]);
      const { status } = await ask("POST", "/v3alpha/targets/search", {});
      assert.equal(status === 200, ["ok", "mtls", "redirected"].includes(end), `${end}: ${status}`);
      for (const transport of Object.keys(TRANSPORTS) as TransportName[]) {
        const headers = { authorization: `Bearer ${ADMIN}` };
        const outcome = await actionClient(server, transport, headers)
          .listTargets({})
          .catch((error: unknown) => error);
        const where = outcome instanceof Error ? `${end} over ${transport}` : `targets over ${transport}`;
        answers.push({ where, text: inspect(outcome, { depth: null }) });
      }
      await setExecution(admin, ON_FUNCTION, [id]);
      await ask("POST", "/v1/functions/preuserinfo:invoke", { input: {} });
      for (const condition of [ON_ORDER, ON_ORDERED]) await setExecution(admin, condition, [id]);
      await orders(end);
      for (const condition of [ON_LIST, ON_FUNCTION, ON_ORDER, ON_ORDERED])
        await asked("DELETE", "/v3alpha/executions", { condition });
    }

    // Deliveries that end in each way, die and are delivered anew.
    const told: string[] = [];
    for (const [end, [url, tokenUrl]] of Object.entries(endpoints)) {
      const timeout = end === "slow" ? "0.3s" : "5s";
      const id = await createTarget(admin, { endpoint: withSecrets(url), type: "restAsync", timeout });
      await asked("PATCH", `/v1/targets/${id}/outbound`, { ...outbound, oauth2Client: { tokenUrl, ...CLIENT } });
      await asked("PATCH", `/v1/targets/${id}/settings`, { delivery: { retry: { delays: [] } } });
      told.push(id);
    }
    await setExecution(admin, { event: { event: TYPE } }, told);
    await publish(admin, { type: TYPE, aggregateId: "1", payload: { of: "no secret" } });
    const over = async (targetId: string, attempts: number): Promise<string> =>
      eventually(`${attempts} attempts of a delivery`, async () => {
        const { body } = await ask("GET", `/v1/deliveries?targetId=${targetId}`);
        const [delivery] = body.deliveries ?? [];
        if (!/_(SUCCEEDED|DEAD)$/.test(delivery?.state ?? "")) return undefined;
        const record = await asked("GET", `/v1/deliveries/${delivery.id}`);
        return record.attempts.length >= attempts ? (delivery.id as string) : undefined;
      });
    for (const id of told) await asked("POST", `/v1/deliveries/${await over(id, 1)}:redeliver`, {});
    for (const id of told) await over(id, 2);

    // Keys and tokens, which are told once.
    const [first = ""] = told;
    const rotated = await asked("POST", `/v1/targets/${first}:rotateSigningKey`, {}, { tellsSecret: true });
    secrets.push(planted("a signing key that was told once", rotated.secret));
    await asked("POST", `/v1/targets/${first}:rotateSigningKey`, { kind: "SIGNING_KEY_KIND_ED25519" });
    const v2 = { name: "of v2", endpoint: hook.url, timeout: "5s", restCall: {}, payloadType: "PAYLOAD_TYPE_JWT" };
    const created = await asked("POST", "/v2/actions/targets", v2, { tellsSecret: true });
    secrets.push(planted("the signing key of a new target", created.signingKey));
    const token = await asked("POST", "/v1/tokens", { name: "planted", role: "ROLE_EDITOR" }, { tellsSecret: true });
    secrets.push(planted("the secret of a token", token.token.slice(-43)));
    await ask("GET", "/v3alpha/executions/functions", undefined, { token: token.token });
    await ask("GET", "/v1/tokens", undefined, { token: token.token });

    // Executions on calls with secrets in them, and with fields that are hidden; events of what was changed.
    const id = await createTarget(admin, { endpoint: watcher.url, type: "restCall" });
    for (const condition of [ON_CREATE, ON_OUTBOUND, { event: { all: true } }, { response: { all: true } }])
      await setExecution(admin, condition, [id]);
    await asked("PATCH", `/v1/executionOptions/request${methodName("CreateTarget")}`, { hiddenFields: ["name"] });
    await asked("POST", "/v3alpha/targets", { name: HIDDEN, endpoint: hook.url, timeout: "5s", restAsync: {} });
    await asked("PATCH", `/v1/targets/${first}/outbound`, { headers: { "X-More": HEADER }, ...{ clientCertificate } });
    await asked("POST", "/v1/tokens", { name: "watched", role: "ROLE_NONE" }, { tellsSecret: true });
    await asked("POST", `/v1/targets/${told[1]}:rotateSigningKey`, {}, { tellsSecret: true });
    const seen = await asked("POST", "/v2/actions/targets", { ...v2, name: "of v2, watched" }, { tellsSecret: true });
    secrets.push(planted("the signing key of a new target whose response was watched", seen.signingKey));
    for (const condition of [ON_CREATE, ON_OUTBOUND, { event: { all: true } }, { response: { all: true } }])
      await asked("DELETE", "/v3alpha/executions", { condition }, { headers: { "interpose-bypass": "true" } });

    // Mistakes of callers, in which secrets stand.
    const path = `/v1/targets/${first}/outbound`;
    for (const body of [
      { headers: { "X-Planted": `${HEADER}\r\nX-More: ${HEADER}` } },
      { headers: { "Content-Type": HEADER } },
      { oauth2Client: { clientSecret: `${CLIENT.clientSecret}\n` } },
      { oauth2Client: { clientSecret: [CLIENT.clientSecret] } },
      { oauth2Client: { clientSecret: { of: CLIENT.clientSecret } } },
      { headers: [HEADER] },
      { clientCertificate: { privateKey: clientCertificate.privateKey.slice(0, -60) } },
      { clientCertificate: { privateKey: [clientCertificate.privateKey] } },
      { clientCertificate: { certificate: clientCertificate.privateKey } },
      `{"oauth2Client": {"clientSecret": "${CLIENT.clientSecret}}}`,
      `{"headers": {"X-Planted": ${HEADER}}}`,
      `{"headers": {"X-Planted": "${HEADER}"}`,
      `{"headers":{"a":${SHORT}}}`,
    ])
      assert.equal((await ask("PATCH", path, body)).status, 400, JSON.stringify(body));
    const connect = "/interpose.v1.TargetService/UpdateTargetOutbound";
    for (const given of [
      { headers: [HEADER] },
      { oauth2Client: { clientSecret: [CLIENT.clientSecret] } },
      { clientCertificate: { privateKey: 7 } },
    ])
      assert.ok((await ask("POST", connect, { targetId: first, outbound: given })).status >= 400);
    for (const authorization of [`Bearer ${WRONG_TOKEN}`, `Basic ${btoa(WRONG_TOKEN)}`, WRONG_TOKEN])
      await ask("GET", "/v3alpha/executions/functions", undefined, { token: null, headers: { authorization } });
    await ask("PATCH", path, { headers: MISPLACED });
    await ask("GET", `/v1/nothing?token=${WRONG_TOKEN}`);

    // What can be read.
    const reflection = grpcJsClient(suite, {
      file: "grpc/reflection/v1/reflection.proto",
      service: "grpc.reflection.v1.ServerReflection",
      address: `127.0.0.1:${server.port}`,
    }).ServerReflectionInfo();
    for (const question of [{ listServices: "" }, { fileContainingSymbol: "interpose.v1.TargetService" }]) {
      reflection.write(question);
      const answer: unknown = await new Promise((resolve, reject) =>
        reflection.once("data", resolve).once("error", reject),
      );
      answers.push({ where: "reflection", text: JSON.stringify(answer) });
    }
    reflection.end();
    for (const version of ["v2beta", "v2"]) {
      const targets = `/${version}/actions/targets`;
      const shown = await asked("POST", `${targets}/search`, {}, { tellsSecret: true });
      assert.ok(
        shown.targets.every((target: { signingKey?: string }) => target.signingKey),
        "admins may read them",
      );
      await asked("POST", `${targets}/search`, {}, { token: token.token });
      await asked("GET", `${targets}/${first}`, undefined, { token: token.token });
    }
    for (const place of [`/v3alpha/targets/${first}`, "/v3alpha/executions/functions"]) await asked("GET", place);
    const described = await fetch(`http://${gateway}/openapi.json`);
    answers.push({ where: "the gateway's OpenAPI", text: await described.text() });
    for (const place of [
      "/healthz",
      "/readyz",
      "/openapi.json",
      "/.well-known/jwks.json",
      "/oauth/v2/keys",
      "/metrics",
    ])
      await ask("GET", place, undefined, { token: null });
    for (const place of [
      ...["outbound", "settings", "signingKeys", "queue"].map((what) => `/v1/targets/${first}/${what}`),
      "/v1/instance/outbound",
      "/v1/events?pageSize=1000",
      "/v1/eventTypes",
      "/v1/deliveries",
      "/v1/tokens",
      "/v1/functions",
      "/v3alpha/executions/methods",
      "/v3alpha/executions/services",
    ])
      await asked("GET", place);
    for (const place of ["/v3alpha/executions/search", "/v2/actions/executions/search"]) await asked("POST", place, {});

    // Samples that are tried, alone and by the executions in force, and what is on record, repeated.
    const spelling = await startTarget(suite, { body: { PASSWORD: SPELLED, Item: SPELLED } });
    const speller = await createTarget(admin, { endpoint: withSecrets(spelling.url), type: "restCall" });
    await setExecution(admin, ON_ORDER, [speller]);
    const hides = { hiddenFields: ["item"] };
    await asked("PATCH", `/v1/executionOptions/request${ON_ORDER.request.method}`, hides);
    await orders("spelled");
    const subject = { kind: "EXPLAIN_KIND_REQUEST", method: ON_ORDER.request.method };
    const sample = { item: SAMPLE_ITEM, count: 7, password: SAMPLE_PASSWORD };
    const tries = [
      { subject, request: sample },
      {
        subject: { kind: "EXPLAIN_KIND_FUNCTION", function: "preuserinfo" },
        request: { planted_secret: SAMPLE_SECRET },
      },
      { subject: { kind: "EXPLAIN_KIND_EVENT", event: TYPE }, request: { of: "no secret" } },
    ];
    // Who hooks the trying itself is shown no sample.
    const onTry = { request: { method: "/interpose.v1.TryService/Try" } };
    await setExecution(admin, onTry, [id]);
    for (const targetId of ["", speller, ...told])
      // To functions and events, what the speller says is of nothing that is hidden.
      for (const each of targetId === speller ? tries.slice(0, 1) : tries)
        tried.push(await ask("POST", "/v1/executions:try", { ...each, targetId }));
    spelling.reply({ status: 500, body: { PASSWORD: SPELLED, ITEM: SPELLED } });
    await asked("POST", "/v1/executions:try", { subject, targetId: speller, request: sample });
    spelling.reply({ body: `no JSON: ${SPELLED}` });
    await asked("POST", "/v1/executions:try", { subject, targetId: speller, request: sample });
    spelling.reply({ body: { PASSWORD: SPELLED, Item: SPELLED, count: 8 } });
    await asked("DELETE", "/v3alpha/executions", { condition: onTry });
    const rehearse = async (body: object): Promise<any[]> => {
      const response = await fetch(`${server.url}/v1/runs:rehearse`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${ADMIN}`,
          "content-type": "application/json",
          accept: "application/x-ndjson",
        },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      answers.push({ where: "a rehearsal", text });
      assert.equal(response.status, 200, text);
      return text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown);
    };
    await eventually("orders are on record", async () => {
      const { runs = [] } = await asked("GET", `/v1/runs?targetId=${speller}`);
      return runs.length >= 3;
    });
    for (const candidateId of [speller, ...told])
      rehearsed.push(...(await rehearse({ targetId: speller, candidateId, maxCount: 1 })));

    // Endpoints in messages that come on record.
    await setExecution(admin, ON_LISTED, [id]);
    await asked("POST", "/v3alpha/targets/search", { query: { limit: 5 } });
    await eventually("a list of targets is on record", async () => {
      const filter = `method=${ON_LISTED.response.method}&side=RUN_SIDE_RESPONSE`;
      return (await asked("GET", `/v1/runs?${filter}`)).runs?.length > 0;
    });
    await asked("DELETE", "/v3alpha/executions", { condition: ON_LISTED });

    // The record of runs, each with its messages.
    const last = await eventually("the last run on record", async () => {
      const { runs = [] } = await asked("GET", "/v1/runs?pageSize=1000");
      return runs.some(({ method }: { method: string }) => method.endsWith("/RotateSigningKey")) ? runs : undefined;
    });
    for (const { id: runId } of last) runsSeen.push(JSON.stringify(await asked("GET", `/v1/runs/${runId}`)));
    await asked("GET", "/v1/runs:statistics");

    // The command line, by the API and at the store.
    const byApi = { INTERPOSE_URL: server.url, INTERPOSE_TOKEN: ADMIN };
    const direct = { ...environmentOf(server), INTERPOSE_SECRETS_MASTER_KEY: MASTER_KEY.toString("base64") };
    assert.equal(await run(["db", "status"], direct), 0);
    assert.equal(await run(["db", "status", "--json"], direct), 0);
    const ofSample = ["--target", speller, "--request", JSON.stringify(sample)];
    assert.equal(await run(["try", "request", ON_ORDER.request.method, ...ofSample], byApi), 0);
    assert.equal(await run(["try", "request", ON_ORDER.request.method, ...ofSample, "--json"], byApi), 0);
    assert.equal(await run(["rehearse", "--target", speller, "--candidate", speller, "--max", "1"], byApi), 1);
    assert.equal(await run(["rehearse", "--target", speller, "--candidate", first, "--max", "1", "--json"], byApi), 0);
    assert.equal(await run(["db", "migrate"], direct), 0);
    for (const args of [
      ["tokens", "list"],
      ["executions", "list"],
      ["targets", "list"],
    ]) {
      assert.equal(await run(args, byApi), 0);
      assert.equal(await run([...args, "--direct"], direct), 0);
    }
    assert.notEqual(await run(["tokens", "list"], { ...byApi, INTERPOSE_TOKEN: WRONG_TOKEN }), 0);
    const wrongKey = { ...direct, INTERPOSE_SECRETS_MASTER_KEY: NEXT_MASTER_KEY.toString("base64") };
    assert.notEqual(await run(["db", "rotate-master-key"], wrongKey), 0);

    // What nobody was told: the keys as they are sealed.
    const [instance] = await database.query<{ id: string; runKey: Buffer }>({
      text: `select id, run_key as "runKey" from interpose.instances`,
      values: [],
    });
    assert.ok(instance);
    ofRuns.push({ what: "the key of runs", bytes: instance.runKey });
    const given = { secrets: { masterKey: MASTER_KEY.toString("base64"), formerKeys: [] }, dataDir: "/nowhere" };
    const vault = await openVault(database, instance.id, given);
    const onUnreadable = ({ reason }: { reason: string }): never => assert.fail(reason);
    const book = createKeyBook({ vault, instanceId: instance.id, now: Date.now, onUnreadable });
    const loaded = await loadKeys(database, instance.id);
    book.update(loaded);
    const signing = loaded.outbound.flatMap(
      ({ targetId, endpoint }) => book.credentialsOf(targetId, endpoint)?.signingKeys ?? [],
    );
    for (const key of signing) {
      if (key.kind === "hmac") secrets.push(planted("a signing key", key.secret));
      else {
        const { d = "" } = key.privateKey.export({ format: "jwk" });
        secrets.push({ what: "a private key that signs", bytes: Buffer.from(d, "base64url") });
      }
    }
    const { d = "" } =
      book.tokenSigner()?.privateKey.export({ format: "jwk" }) ?? assert.fail("no key of the instance");
    secrets.push({ what: "the key of the instance", bytes: Buffer.from(d, "base64url") });
    assert.ok(signing.length > told.length);

    // Sealed anew, and then by a key that the server does not have.
    const rotating = { ...wrongKey, INTERPOSE_SECRETS_FORMER_KEYS: MASTER_KEY.toString("base64") };
    assert.equal(await run(["db", "rotate-master-key"], rotating), 0);
    await asked("PATCH", `/v1/targets/${first}/settings`, { dialect: "DIALECT_V2" });
    assert.equal((await ask("GET", `/v1/targets/${first}/outbound`)).status, 400);
    await setExecution(admin, ON_LIST, [first]);
    await ask("POST", "/v3alpha/targets/search", {}, { headers: { "interpose-bypass": "true" } });
  });

  it("were used: targets have got theirs", () => {
    const sent = hook.calls[0]?.headers ?? assert.fail("there was no call");
    assert.deepEqual([sent["x-planted"], sent["x-shared"]], [HEADER, SHARED_HEADER]);
    assert.ok(sent.authorization?.startsWith(`Bearer ${GRANTED}`));
    assert.ok(watcher.calls.some(({ body }) => body?.fullMethod === ON_OUTBOUND.request.method));
    assert.ok(elsewhere.calls.length >= 2 && watcher.calls.length >= 10);
    assert.ok(secrets.length >= 30, `${secrets.length} secrets`);
  });

  it("stand in no answer of the API, in no protocol, but those that tell one for the one time", () => {
    assert.ok(answers.length > 200, `${answers.length} answers`);
    assertNonePlanted([...secrets, ...ofRuns], answers);
    const isOfRun = /^GET \/v1\/runs\/\d+$/;
    const showTargets =
      /^(POST .*\/targets\/search|GET \/(v3alpha|v2beta\/actions|v2\/actions)\/targets\/\d+|targets over .*)$/;
    assertNonePlanted(
      inEndpoints,
      answers.filter(({ where }) => !showTargets.test(where) && !isOfRun.test(where)),
    );
    assertNonePlanted(
      ofEndpoints,
      answers.filter(({ where }) => isOfRun.test(where)),
    );
  });

  it("stand in no log, at the level debug", () => {
    const log = [{ where: "the log", text: server.stdout() + server.stderr() }];
    for (const event of ["run.ended", "delivery.attempted", "call.ended", "keys.unreadable"])
      assert.ok(log[0]?.text.includes(`"event":"${event}"`), event);
    assertNonePlanted([...secrets, ...ofRuns, ...inEndpoints, misplaced, hidden], log);
  });

  it("stand in nothing that the command line prints", () => {
    assert.ok(printed.length >= 10);
    assertNonePlanted([...secrets, ...ofRuns], printed);
    const others = printed.filter(({ where }) => !where.startsWith("targets list"));
    assertNonePlanted([...inEndpoints, hidden], others);
  });

  it("stand in no table, as texts or bytes, but for endpoints in those of targets", async () => {
    const columns = await database.query<{ table: string; column: string; type: string }>({
      text: `select table_name as "table", column_name as "column", data_type as type from information_schema.columns
             where table_schema = 'interpose'`,
      values: [],
    });
    assert.ok(columns.length > 100);
    for (const { table, column, type } of columns) {
      const rows = await database.query<{ value: string | Buffer | null }>({
        text: `select ${type === "bytea" ? `"${column}"` : `"${column}"::text`} as value from interpose."${table}"`,
        values: [],
      });
      const text = rows
        .map(({ value }) => (Buffer.isBuffer(value) ? value.toString("latin1") : (value ?? "")))
        .join("\n");
      const where = `${table}.${column}`;
      assertNonePlanted([...secrets, misplaced], [{ where, text }]);
      if (where === "run_messages.content") assertNonePlanted(ofEndpoints, [{ where, text }]);
      else if (where !== "targets.endpoint") assertNonePlanted(inEndpoints, [{ where, text }]);
      else
        assert.throws(() => assertNonePlanted(inEndpoints, [{ where, text }]), /has a password/, "they would be seen");
    }
  });

  it("come on record with no run, and neither does what is hidden", () => {
    assert.ok(runsSeen.length >= 50, `${runsSeen.length} runs are on record`);
    assert.ok(
      runsSeen.some((run) => run.includes('"payload"') && run.includes("CreateToken")),
      "with their messages",
    );
    assert.ok(
      runsSeen.some((run) => run.includes("RUN_SIDE_RESPONSE") && run.includes(QUERY)),
      "endpoints stand in them",
    );
    const text = runsSeen.join("\n");
    assertNonePlanted([...secrets, ...ofEndpoints, misplaced], [{ where: "the record of runs", text }]);
    const requests = runsSeen.filter((run) => run.includes("RUN_SIDE_REQUEST") && !run.includes('"response":'));
    assertNonePlanted([hidden], [{ where: "requests on record", text: requests.join("\n") }]);
  });

  it("were tried and rehearsed with: what was sent and answered is told, and what proves a caller is hidden", () => {
    const answered = tried.filter(({ status }) => status === 200).map(({ body }) => body);
    assert.equal(answered.length, tried.length);
    const sent: (Record<string, string> | undefined)[] = answered.flatMap((body) =>
      (body.sent ?? []).map(({ headers }: any) => headers),
    );
    for (const name of ["authorization", "x-planted", "x-shared"])
      assert.ok(
        sent.some((headers) => headers?.[name] === "(hidden)"),
        name,
      );
    const replies = answered.flatMap(({ calls = [] }) => calls.map(({ reply }: any) => reply));
    assert.ok(replies.includes("{}") && replies.includes("no JSON"));
    const done = rehearsed.filter(({ rehearsed: call }) => call);
    assert.ok(done.length >= 10 && done.some(({ rehearsed: { reply } }) => reply === '{"count":8}'));
  });

  it("are sent to no target that they are not for", () => {
    const toldBy = (calls: TestTarget["calls"]): string =>
      JSON.stringify(calls.map(({ headers, body, path }) => [headers, body, path]));
    assertNonePlanted(secrets, [
      { where: "a target elsewhere", text: toldBy(elsewhere.calls) },
      // Its own origin is none of the instance's.
      { where: "a target that watches", text: toldBy(watcher.calls) },
    ]);
    assertNonePlanted([hidden], [{ where: "requests that targets saw", text: toldBy(requestsOf(watcher)) }]);
    const ordered = hook.calls.filter(({ body }) => body?.fullMethod === ON_ORDER.request.method);
    assert.ok(ordered.length >= 6, `${ordered.length} orders behind the gateway were seen`);
    // All bodies, and what is shown of callers in them.
    const bodies = [...hook.calls, ...watcher.calls].map(({ body }) => body as unknown);
    assertNonePlanted(secrets, [{ where: "a body", text: JSON.stringify(bodies) }]);
  });

  /** Calls about requests: what a target is told of an event or a response can have what a field of a request hid. */
  function requestsOf({ calls }: TestTarget): TestTarget["calls"] {
    return calls.filter(({ body }) => body?.fullMethod !== undefined && body.response === undefined);
  }
});

describe("assertNonePlanted()", () => {
  const text = 'a "secret"/+ text';
  const bytes = Buffer.from([0xff, 0x00, 0xfe, 0x22, 0x80, 0x0a, 0x7f, 0x25, 0xc3]);
  const cases: readonly (readonly [form: string, secret: Planted, text: string])[] = [
    ["as it is", planted("it", text), `x${text}y`],
    ["in JSON", planted("it", text), JSON.stringify({ it: text })],
    ["in a URL", planted("it", text), `?q=${encodeURIComponent(text)}`],
    ["in a form", planted("it", text), new URLSearchParams({ it: text }).toString()],
    ["as bytes", { what: "it", bytes }, `x${bytes.toString("latin1")}y`],
    ["as percent-encoded bytes", { what: "it", bytes }, bytes.toString("hex").replace(/../g, "%$&").toUpperCase()],
    ["in hex with colons", { what: "it", bytes }, bytes.toString("hex").match(/../g)?.join(":").toUpperCase() ?? ""],
    ...[text, bytes].flatMap((secret) =>
      ["", "1", "12"].flatMap((before) =>
        (["hex", "base64", "base64url"] as const).map((encoding) => {
          const encoded = Buffer.concat([Buffer.from(before), Buffer.from(secret), Buffer.from("33")]).toString(
            encoding,
          );
          const it = { what: "it", bytes: Buffer.from(secret) };
          return [`in ${encoding} behind ${before.length} bytes`, it, encoded] as const;
        }),
      ),
    ),
  ];
  for (const [form, secret, found] of cases) {
    it(`finds a secret ${form}`, () => {
      assert.throws(() => assertNonePlanted([secret], [{ where: "there", text: found }]), /there has it/);
    });
  }

  it("finds none where there is none", () => {
    assertNonePlanted([planted("it", text)], [{ where: "there", text: "another text, of which nothing is secret" }]);
  });
});
