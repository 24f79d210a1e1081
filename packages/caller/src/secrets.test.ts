// Secrets are planted in all that a target's calls can prove themselves with, calls end in all the ways that there are, and all that comes out of it is looked through.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it, type TestContext } from "node:test";
import { inspect } from "node:util";
import type { CallFailure, Exchange } from "@interpose/engine";
import { LOOPBACK, request } from "../test/call.ts";
import { delivery } from "../test/deliver.ts";
import { answer, bodyOf, selfSigned, startEndpoint } from "../test/endpoint.ts";
import { newSigner } from "../test/keys.ts";
import type { TargetCredentials } from "./credentials.ts";
import type { DeliveryExchange, DeliveryRequest } from "./delivery.ts";
import type { TargetCallerOptions } from "./options.ts";
import { createTargetCaller } from "./target-caller.ts";

const SIGNING_SECRET = "signing-s3cr3t";
const CLIENT_SECRET = "client-s3cr3t";
const ACCESS_TOKEN = "t0ken-s3cr3t";
const HEADER_SECRETS = ["header-s3cr3t", "other-s3cr3t"] as const;
const PASSWORD = "passw0rd-s3cr3t";
const server = selfSigned();
const client = selfSigned();
const edwards = generateKeyPairSync("ed25519").privateKey;
const { signer } = newSigner();
const encryption = generateKeyPairSync("rsa", { modulusLength: 2048 });

const pemOf = (key: typeof edwards): string => key.export({ type: "pkcs8", format: "pem" }).toString();

/** All that must not come out, in each form that it might. */
const FORBIDDEN = [SIGNING_SECRET, CLIENT_SECRET, ACCESS_TOKEN, ...HEADER_SECRETS, PASSWORD]
  .flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString("hex"),
    // Without what depends on what stands before it.
    ...[0, 1, 2].map((i) => Buffer.from(secret.slice(i, i + 9)).toString("base64")),
  ])
  .concat([client.key, pemOf(edwards), pemOf(signer.privateKey)].flatMap((pem) => pem.split("\n").slice(1, -2)));

/** Options of a caller whose targets have everything, by a token endpoint that grants or quotes. */
async function everything(t: TestContext, issues: boolean): Promise<Partial<TargetCallerOptions>> {
  const issuer = await startEndpoint(t, async (incoming, response) => {
    const quoted = `${incoming.headers.authorization} ${await bodyOf(incoming)} ${CLIENT_SECRET}`;
    if (issues) answer(response, 200, { access_token: ACCESS_TOKEN, token_type: "Bearer", expires_in: 3600 });
    else answer(response, 400, { error: quoted, error_description: quoted });
  });
  const complete: TargetCredentials = {
    signingKeys: [
      { kind: "hmac", secret: SIGNING_SECRET },
      { kind: "ed25519", privateKey: edwards },
    ],
    encryptionKey: { id: "1", publicKey: encryption.publicKey },
    headers: { "X-Key": HEADER_SECRETS[0], authorization: HEADER_SECRETS[1], "X-Other": HEADER_SECRETS[1] },
    oauth: { tokenUrl: issuer.url, clientId: "me", clientSecret: CLIENT_SECRET, scopes: [] },
    clientCertificate: { certificate: client.cert, privateKey: client.key },
  };
  const of: Readonly<Record<string, TargetCredentials>> = {
    complete,
    "with headers that are none": { ...complete, headers: { "x-key": `${HEADER_SECRETS[0]}\r\n${HEADER_SECRETS[1]}` } },
    "with a key that is none": { ...complete, clientCertificate: { certificate: client.key, privateKey: client.key } },
    "with a key to encrypt to that is none": {
      ...complete,
      encryptionKey: { id: "1", publicKey: edwards },
    },
  };
  return { egressAllow: LOOPBACK, ca: server.cert, credentialsOf: (id) => of[id], tokenSigner: () => signer };
}

/** Everything that a caller says of calls, deliveries and calls in the background of a target. */
async function saidOf(
  url: string,
  options: Partial<TargetCallerOptions>,
  { id = "complete", payloadType = "json", timeoutMs = 10_000 }: Partial<DeliveryRequest> = {},
): Promise<readonly (Exchange | DeliveryExchange)[]> {
  const inBackground: Exchange[] = [];
  const caller = createTargetCaller({
    ...options,
    onBackgroundCall: (_id, exchange) => void inBackground.push(exchange),
  });
  const { signal } = new AbortController();
  const withPassword = url.replace("//", `//user:${PASSWORD}@`);
  const sent = request(withPassword, { id, payloadType, timeoutMs });
  const called = await caller.call(sent, signal);
  const delivered = await caller.deliver(delivery(withPassword, { targetId: id, payloadType, timeoutMs }), signal);
  void caller.callInBackground(sent);
  await caller.drain(10_000);
  await caller.close();
  return [called, delivered, ...inBackground];
}

function assertSilent(said: readonly (Exchange | DeliveryExchange)[], failure: CallFailure | undefined): void {
  assert.equal(said.length, 3);
  const text = JSON.stringify(said) + inspect(said, { depth: null, showHidden: true });
  for (const secret of FORBIDDEN) assert.ok(!text.includes(secret), `${secret} came out`);
  for (const exchange of said)
    assert.equal(exchange.kind === "failed" ? exchange.failure : undefined, failure, inspect(exchange));
}

describe("secrets of a target", () => {
  const ends: readonly [what: string, failure: CallFailure | undefined, path: string][] = [
    ["is answered", undefined, "ok"],
    ["is answered 401", "status", "unauthorized"],
    ["is redirected within the origin", undefined, "within"],
    ["is redirected elsewhere", undefined, "elsewhere"],
    ["is redirected to where calls do not go", "egress_denied", "denied"],
    ["breaks off", "exchange", "cut"],
    ["is not answered in time", "timeout", "hang"],
  ];
  for (const [what, failure, path] of ends) {
    it(`do not come out of a call that ${what}`, async (t) => {
      const seen: (string | undefined)[][] = [];
      const other = await startEndpoint(
        t,
        (incoming, response) => {
          assert.deepEqual([incoming.headers.authorization, incoming.headers["x-key"]], [undefined, undefined]);
          answer(response, 200);
        },
        server,
      );
      const endpoint = await startEndpoint(
        t,
        (incoming, response) => {
          seen.push([incoming.headers.authorization, incoming.headers["x-key"] as string]);
          if (incoming.url === "/cut") incoming.socket.destroy();
          else if (incoming.url === "/unauthorized") answer(response, 401);
          else if (incoming.url === "/within") answer(response, 307, "", { location: "/ok" });
          else if (incoming.url === "/elsewhere") answer(response, 307, "", { location: other.url });
          else if (incoming.url === "/denied") answer(response, 307, "", { location: "https://10.0.0.1/" });
          else if (incoming.url === "/ok") answer(response, 200);
        },
        { ...server, clientCa: [client.cert] },
      );
      const timeoutMs = failure === "timeout" ? 1_500 : 10_000;
      assertSilent(await saidOf(endpoint.url + path, await everything(t, true), { timeoutMs }), failure);
      // They were there to come out.
      assert.deepEqual(seen[0], [`Bearer ${ACCESS_TOKEN}`, HEADER_SECRETS[0]]);
    });
  }

  it("do not come out of a call that is not let in", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200), selfSigned());
    assertSilent(await saidOf(endpoint.url, await everything(t, true)), "tls");
  });

  it("do not come out of a call without a token, though its endpoint quotes them", async (t) => {
    const endpoint = await startEndpoint(t, (_incoming, response) => answer(response, 200), server);
    assertSilent(await saidOf(endpoint.url, await everything(t, false)), "authorization");
  });

  const unusable: readonly [id: string, failure: CallFailure, payloadType: "json" | "jwe"][] = [
    ["with headers that are none", "exchange", "json"],
    ["with a key that is none", "tls", "json"],
    ["with a key to encrypt to that is none", "unsealable", "jwe"],
  ];
  for (const [id, failure, payloadType] of unusable) {
    it(`do not come out of a call ${id}`, async (t) => {
      let requests = 0;
      const endpoint = await startEndpoint(t, () => requests++, server);
      assertSilent(await saidOf(endpoint.url, await everything(t, true), { id, payloadType }), failure);
      assert.equal(requests, 0);
    });
  }

  it("do not come out of a call whose credentials cannot be read, and it is not made without them", async (t) => {
    let requests = 0;
    const endpoint = await startEndpoint(t, () => requests++, server);
    const options = await everything(t, true);
    const credentialsOf = (): never => {
      throw new Error(`${SIGNING_SECRET} cannot be opened`, { cause: HEADER_SECRETS[0] });
    };
    assertSilent(await saidOf(endpoint.url, { ...options, credentialsOf }), "unsealable");
    assert.equal(requests, 0);
  });
});
