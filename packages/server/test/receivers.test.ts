// Targets that are made as docs/receiver.md says it, called by a server.
import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { before, describe, it } from "node:test";
import express from "express";
import { createReceiver, reply, type Receiver, type ReceiverOptions } from "@interpose/receiver";
import { expressHandler } from "@interpose/receiver/express";
import { fetchHandler } from "@interpose/receiver/fetch";
import { nodeHandler } from "@interpose/receiver/node";
import { createOpener } from "@interpose/receiver/tokens";
import { setExecution } from "./harness/api.ts";
import { forSuite } from "./harness/cleanup.ts";
import { publish } from "./harness/events.ts";
import { eventually } from "./harness/eventually.ts";
import { asking, newTarget } from "./harness/newer-targets.ts";
import { serve, type Listener } from "./harness/serve.ts";
import { startServer, type TestServer } from "./harness/server.ts";

const GET_TARGET = "/zitadel.action.v2.ActionService/GetTarget";

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

        const eventType = `received.t${id}`;
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
