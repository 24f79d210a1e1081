// Targets that are made as docs/receiver.md and docs/signatures.md say it, called by a server.
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, timingSafeEqual, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { before, describe, it } from "node:test";
import express from "express";
import { createReceiver, reply, verify, type Receiver, type ReceiverOptions } from "@interpose/receiver";
import { expressHandler } from "@interpose/receiver/express";
import { fetchHandler } from "@interpose/receiver/fetch";
import { nodeHandler } from "@interpose/receiver/node";
import { createOpener } from "@interpose/receiver/tokens";
import { Webhook } from "standardwebhooks";
import { rotateInstanceKey } from "../src/commands/instance-keys.ts";
import { openVault } from "../src/keys/open-vault.ts";
import { setExecution } from "./harness/api.ts";
import { cleanUp, forSuite, type Cleanup } from "./harness/cleanup.ts";
import { publish, storeOf } from "./harness/events.ts";
import { eventually } from "./harness/eventually.ts";
import { newDatabaseUrl } from "./harness/postgres.ts";
import { contextOf } from "./harness/routers.ts";
import { masterKeyOf, startServer, type TestServer } from "./harness/server.ts";

const BY_URL = process.env.INTERPOSE_TEST_STORE === "url";
const GET_TARGET = "/zitadel.action.v2.ActionService/GetTarget";

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Serves on loopback until the test is over. */
async function serve(t: Cleanup, listener: Listener): Promise<string> {
  const server = createServer((request, response) => void listener(request, response)).listen(0, "127.0.0.1");
  cleanUp(t, () => server.close().closeAllConnections());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** The ways in which a receiver is mounted here: those that read bodies in ways of their own. */
const ADAPTERS: Readonly<Record<string, (receiver: Receiver) => Listener>> = {
  "Node's own server": nodeHandler,
  Express: (receiver) => {
    const app = express();
    app.post("/", expressHandler(receiver));
    app.use(express.json());
    return app;
  },
  Fetch: (receiver) => {
    const handle = fetchHandler(receiver);
    return async (request, response) => {
      const { method = "", headers, url } = request;
      const body = new ReadableStream<Uint8Array>({
        async start(controller) {
          for await (const chunk of request) controller.enqueue(chunk as Buffer);
          controller.close();
        },
      });
      const fields = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
      const init: RequestInit = { method, headers: fields, body, duplex: "half" };
      const answer = await handle(new Request(`http://target${url}`, init));
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    };
  },
};

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** Keys of targets, as their owners make them. */
const PAIRS: Readonly<Record<string, () => KeyPair>> = {
  RSA: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  "EC P-256": () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  "EC P-384": () => generateKeyPairSync("ec", { namedCurve: "P-384" }),
  "EC P-521": () => generateKeyPairSync("ec", { namedCurve: "P-521" }),
};

interface Payload {
  readonly title: string;
  readonly type: "JSON" | "JWT" | "JWE";
  readonly pair?: () => KeyPair;
  /** Where the instance's keys are had. */
  readonly jwks: string;
}
const PAYLOADS: readonly Payload[] = [
  { title: "JSON", type: "JSON", jwks: "" },
  { title: "JWT", type: "JWT", jwks: "/.well-known/jwks.json" },
  ...Object.entries(PAIRS).map(([name, pair], i): Payload => ({
    title: `JWE to a key of ${name}`,
    type: "JWE",
    pair,
    jwks: i % 2 === 0 ? "/oauth/v2/keys" : "/.well-known/jwks.json",
  })),
];

let count = 0;

/** Requests to a server that must succeed, past all executions. */
function asking(server: TestServer): (verb: string, path: string, body?: unknown) => Promise<any> {
  return async (verb, path, body) => {
    const answer = await server.request(verb, path, body, { headers: { "interpose-bypass": "true" } });
    assert.ok(answer.status === 200 || answer.status === 201, JSON.stringify(answer.body));
    return answer.body;
  };
}

/** Creates a target by v2, which answers its signing key. */
async function newTarget(
  server: TestServer,
  endpoint: string,
  payloadType = "JSON",
): Promise<{ readonly id: string; readonly signingKey: string }> {
  return asking(server)("POST", "/v2/actions/targets", {
    name: `received ${++count}`,
    endpoint,
    timeout: "10s",
    restCall: { interruptOnError: true },
    payloadType: `PAYLOAD_TYPE_${payloadType}`,
  });
}

describe("targets made with @interpose/receiver", () => {
  const suite = forSuite();
  let server: TestServer;
  let other: string;
  before(async () => {
    server = await startServer(suite);
    other = (await newTarget(server, "https://example.com/other")).id;
    const schema = { type: "object", properties: { total: { type: "number" } } };
    await asking(server)("POST", "/v1/functions", { name: "price", replySchema: schema });
  });

  for (const [adapter, listenerOf] of Object.entries(ADAPTERS)) {
    for (const { title, type, pair, jwks } of PAYLOADS) {
      it(`change requests and responses, refuse, answer functions and are told of events, in ${adapter}, by ${title}`, async (t) => {
        const ask = asking(server);
        const told: unknown[] = [];
        const errors: unknown[] = [];
        const families = new Set<string | undefined>();
        let keys = "";
        let openPayload: ReceiverOptions["opener"];
        const receiver = createReceiver({
          keys: () => keys,
          ...(adapter === "Express" && { family: "standard-webhooks" }),
          ...(adapter === "Fetch" && { family: "zitadel" }),
          ...(type !== "JSON" && {
            opener: (body: string) => openPayload?.(body) ?? assert.fail("there is no opener"),
          }),
          on: {
            request({ fullMethod, request }, { verified }) {
              assert.equal(fullMethod, GET_TARGET);
              families.add(verified?.family);
              return request.id === "secret"
                ? reply.refuse("permission_denied", "not yours")
                : reply.change({ id: other });
            },
            response: ({ request, response }) =>
              reply.change({
                ...response,
                target: { ...(response?.target as object), name: `of ${String(request.id)}` },
              }),
            function: { price: ({ input }) => reply.change({ total: Number(input.amount) * 1.5 }) },
            event: ({ event_type, event_payload, sequence }) => void told.push([event_type, event_payload, sequence]),
          },
          onError: (error) => errors.push(error),
        });
        const { id, signingKey } = await newTarget(server, await serve(t, listenerOf(receiver)), type);
        keys = signingKey;
        const own = pair?.();
        if (own) {
          const pem = own.publicKey.export({ type: "spki", format: "pem" }).toString();
          const { keyId } = await ask("POST", `/v2/actions/targets/${id}/publickeys`, {
            publicKey: Buffer.from(pem).toString("base64"),
          });
          await ask("POST", `/v2/actions/targets/${id}/publickeys/${keyId}/activate`, {});
          const key = own.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
          openPayload = createOpener({ jwks: `${server.url}${jwks}`, decryptionKeys: [{ kid: keyId, key }] });
        } else if (type === "JWT") openPayload = createOpener({ jwks: `${server.url}${jwks}` });

        const eventType = `received.n${count}`;
        for (const condition of [
          { request: { method: GET_TARGET } },
          { response: { method: GET_TARGET } },
          { function: { name: "price" } },
          { event: { event: eventType } },
        ])
          await setExecution(server, condition, [id]);

        const { body } = await server.request("GET", `/v2/actions/targets/${id}`);
        assert.deepEqual([body.target?.id, body.target?.name], [other, `of ${other}`], JSON.stringify(body));
        const refused = await server.request("GET", "/v2/actions/targets/secret");
        assert.deepEqual([refused.status, refused.body.code], [403, 7]);
        assert.match(refused.body.message, /^not yours/);
        const invoked = await server.request("POST", "/v1/functions/price:invoke", { input: { amount: 12 } });
        assert.deepEqual(invoked.body, { output: { total: 18 } });
        await publish(server, { type: eventType, aggregateId: eventType, payload: { amount: 12 } });
        await eventually("the event is told", () => told.length > 0);
        assert.deepEqual(told, [[eventType, { amount: 12 }, 1]]);
        assert.deepEqual(errors, []);
        assert.deepEqual([...families], [adapter === "Fetch" ? "zitadel" : "standard-webhooks"]);
      });
    }
  }

  it("handle an event once whose answer got lost, and answer it when it comes again", async (t) => {
    const told: string[] = [];
    let keys = "";
    const receiver = createReceiver({
      keys: () => keys,
      family: "standard-webhooks",
      on: { event: ({ event_type }) => void told.push(event_type) },
    });
    const ids: unknown[] = [];
    // What stands between the server and the receiver loses the first answer.
    const url = await serve(t, async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const answer = await receiver.handle(request.headers, Buffer.concat(chunks));
      assert.equal(answer.status, 204);
      response.writeHead(ids.push(request.headers["webhook-id"]) === 1 ? 502 : answer.status).end();
    });
    const { id, signingKey } = await newTarget(server, url);
    keys = signingKey;
    const ask = asking(server);
    await ask("PATCH", `/v1/targets/${id}/settings`, { delivery: { retry: { delays: ["0.1s"] } } });
    await setExecution(server, { event: { event: "told.twice" } }, [id]);
    const event = await publish(server, { type: "told.twice", aggregateId: "1", payload: {} });
    const of = async (): Promise<any> => (await ask("GET", `/v1/deliveries?eventPosition=${event.id}`)).deliveries[0];
    const done = await eventually("the second attempt", async () => {
      const delivery = await of();
      return delivery.state === "DELIVERY_STATE_SUCCEEDED" && delivery;
    });
    assert.equal(done.attemptCount, 2);
    await ask("POST", `/v1/deliveries/${done.id}:redeliver`, {});
    await eventually("the third, by hand", async () => (await of()).attemptCount === 3);
    assert.deepEqual([told, ids], [["told.twice"], [done.id, done.id, done.id]]);
  });
});

/** A call as it came. */
interface Recorded {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An endpoint that keeps the calls that come as they are. */
async function startRecorder(t: Cleanup): Promise<{ readonly url: string; readonly calls: Recorded[] }> {
  const calls: Recorded[] = [];
  const url = await serve(t, async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk as string;
    calls.push({ headers: request.headers, body });
    response.end();
  });
  return { url, calls };
}

/** ZITADEL's own way of verifying, as its package for Go has it: the header apart, its time not too old, and any of its signatures. */
function validateAsZitadel({ headers, body }: Recorded, signingKey: string): void {
  const header = headers["zitadel-signature"];
  if (typeof header !== "string" || header === "") throw new Error("not signed");
  const pairs = header.split(",").map((part) => part.split("="));
  if (pairs.some((pair) => pair.length !== 2)) throw new Error("invalid header");
  const time = pairs.find(([name]) => name === "t")?.[1] ?? "";
  if (!/^\d+$/.test(time)) throw new Error("invalid header");
  const signatures = pairs.filter(([name]) => name === "v1").map(([, hex]) => Buffer.from(hex ?? "", "hex"));
  const expected = createHmac("sha256", signingKey).update(time).update(".").update(body).digest();
  if (Date.now() - Number(time) * 1000 > 300_000) throw new Error("too old");
  if (!signatures.some((given) => given.length === expected.length && timingSafeEqual(given, expected)))
    throw new Error("no valid signature");
}

function validateByLibrary({ headers, body }: Recorded, signingKey: string): void {
  new Webhook(`whsec_${Buffer.from(signingKey).toString("base64")}`).verify(body, headers as Record<string, string>, {
    jsonParse: false,
  });
}

/** Whether a call was signed with a key, in which all who can say so agree. */
async function isSignedBy(call: Recorded, signingKey: string): Promise<boolean> {
  const says = async (check: () => unknown): Promise<boolean> => {
    try {
      await check();
      return true;
    } catch {
      return false;
    }
  };
  const said = await Promise.all([
    says(() => validateAsZitadel(call, signingKey)),
    says(() => validateByLibrary(call, signingKey)),
    says(() => verify(call.headers, call.body, signingKey, { family: "zitadel" })),
    says(() => verify(call.headers, call.body, signingKey, { family: "standard-webhooks" })),
  ]);
  assert.equal(new Set(said).size, 1, `they do not agree: ${said.join()}`);
  return said[0];
}

describe("what a target is sent", () => {
  const suite = forSuite();
  let server: TestServer;
  before(async () => {
    server = await startServer(suite);
  });

  const forms = { JSON: /^\{.*\}$/, JWT: /^[\w-]+(\.[\w-]+){2}$/, JWE: /^[\w-]+(\.[\w-]+){4}$/ };
  for (const type of Object.keys(forms)) {
    it(`is signed as ZITADEL and the library of Standard Webhooks verify it, by ${type}`, async (t) => {
      const { url, calls } = await startRecorder(t);
      const { id, signingKey } = await newTarget(server, url, type);
      if (type === "JWE") {
        const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
        const pem = Buffer.from(publicKey.export({ type: "spki", format: "pem" })).toString("base64");
        const path = `/v2/actions/targets/${id}/publickeys`;
        const { keyId } = await asking(server)("POST", path, { publicKey: pem });
        await asking(server)("POST", `${path}/${keyId}/activate`, {});
      }
      const eventType = `signed.n${count}`;
      await setExecution(server, { event: { event: eventType } }, [id]);
      await setExecution(server, { function: { name: "preuserinfo" } }, [id]);
      await server.request("POST", "/v1/functions/preuserinfo:invoke", { input: {} });
      await publish(server, { type: eventType, aggregateId: "1", payload: { text: "Zoë" } });
      await eventually("both calls", () => calls.length === 2);
      for (const call of calls) {
        assert.equal(await isSignedBy(call, signingKey), true);
        assert.equal(await isSignedBy({ ...call, body: `${call.body} ` }, signingKey), false);
        assert.equal(await isSignedBy(call, signingKey.slice(1)), false);
        assert.equal(call.headers["content-type"], "application/json");
        assert.match(call.body, forms[type as keyof typeof forms]);
      }
    });
  }

  it("is signed by a key of Ed25519 too, which is verified by its public half as it is shown", async (t) => {
    const { url, calls } = await startRecorder(t);
    const { id, signingKey } = await newTarget(server, url);
    const { key } = await asking(server)("POST", `/v1/targets/${id}:rotateSigningKey`, {
      kind: "SIGNING_KEY_KIND_ED25519",
    });
    await setExecution(server, { function: { name: "preuserinfo" } }, [id]);
    await server.request("POST", "/v1/functions/preuserinfo:invoke", { input: {} });
    const [call = assert.fail("nothing came")] = calls;
    const { algorithm, family } = await verify(call.headers, call.body, key.publicKey);
    assert.deepEqual([algorithm, family], ["ed25519", "standard-webhooks"]);
    assert.equal(await isSignedBy(call, signingKey), true);
  });

  it("is a JWT that verifies after the instance's key was replaced", async (t) => {
    const { url, calls } = await startRecorder(t);
    const { id } = await newTarget(server, url, "JWT");
    await setExecution(server, { function: { name: "preuserinfo" } }, [id]);
    const invoke = async (): Promise<string> => {
      const { status, body } = await server.request("POST", "/v1/functions/preuserinfo:invoke", { input: {} });
      assert.equal(status, 200, JSON.stringify(body));
      return calls.at(-1)?.body ?? assert.fail("nothing came");
    };
    const kidOf = (jwt: string): string => JSON.parse(Buffer.from(jwt.split(".")[0] ?? "", "base64url").toString()).kid;
    const jwks = `${server.url}/.well-known/jwks.json`;
    const former = await invoke();
    await createOpener({ jwks })(former);

    const database = await storeOf(t, server);
    const [instance] = await database.query<{ id: string }>({ text: "select id from interpose.instances", values: [] });
    const instanceId = instance?.id ?? assert.fail("there is no instance");
    const secrets = { masterKey: await masterKeyOf(server), formerKeys: [] };
    const vault = await openVault(database, instanceId, { secrets, dataDir: "/nowhere" });
    assert.equal(await rotateInstanceKey({ ...contextOf(database, instanceId), vault }, 0), true);
    // Those who keep the set have a quarter of an hour to hear of the new key. The time passes here, and a change has the server read when the former one ends.
    await database.query({
      text: "update interpose.instance_keys set retired_at = clock_timestamp() where retired_at is not null",
      values: [],
    });
    await asking(server)("POST", `/v1/targets/${id}:rotateSigningKey`, {});

    const next = await eventually("the new key signs", async () => {
      const jwt = await invoke();
      return kidOf(jwt) === kidOf(former) ? undefined : jwt;
    });
    const open = createOpener({ jwks });
    for (const jwt of [former, next]) assert.equal(JSON.parse(await open(jwt)).function, "function/preuserinfo");
  });
});

describe(
  "a signing key that is rotated on one of two servers",
  { skip: BY_URL ? false : "an embedded store is one server's" },
  () => {
    const suite = forSuite();
    let a: TestServer;
    let b: TestServer;
    before(async () => {
      const databaseUrl = await newDatabaseUrl(suite);
      [a, b] = await Promise.all([startServer(suite, { databaseUrl }), startServer(suite, { databaseUrl })]);
    });

    it("signs beside the next one on both until its grace is over, and no longer", async (t) => {
      const { url, calls } = await startRecorder(t);
      const { id, signingKey: first } = await newTarget(a, url);
      await setExecution(a, { function: { name: "preuserinfo" } }, [id]);
      await setExecution(a, { event: { event: "keys.rotated" } }, [id]);
      const rotate = async (grace: string): Promise<string> =>
        (await asking(a)("POST", `/v1/targets/${id}:rotateSigningKey`, { grace })).secret;
      /** What is sent by a server for a call of it, and by whichever delivers, for an event. */
      const sentBy = async (server: TestServer): Promise<readonly Recorded[]> => {
        calls.length = 0;
        const { status } = await server.request("POST", "/v1/functions/preuserinfo:invoke", { input: {} });
        assert.equal(status, 200);
        await publish(server, { type: "keys.rotated", aggregateId: "1", payload: {} });
        await eventually("both are sent", () => calls.length === 2);
        return [...calls];
      };
      /** Waits until all that is sent is signed by these keys, in this way. */
      const untilSigned = async (what: string, expected: readonly (readonly [string, boolean])[]): Promise<void> => {
        for (const server of [b, a]) {
          await eventually(
            what,
            async () => {
              const sent = await sentBy(server);
              const checks = sent.flatMap((call) =>
                expected.map(async ([key, isSigned]) => (await isSignedBy(call, key)) === isSigned),
              );
              return (await Promise.all(checks)).every(Boolean);
            },
            20_000,
          );
        }
      };
      await untilSigned("one key signs", [[first, true]]);
      const second = await rotate("3600s");
      await untilSigned("both keys sign in the grace", [
        [first, true],
        [second, true],
      ]);
      const third = await rotate("1s");
      await untilSigned("the former keys sign no more", [
        [first, false],
        [second, false],
        [third, true],
      ]);
    });
  },
);
