// What docs/signatures.md shows is run, as a target would.
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import * as jose from "jose";
import { Webhook } from "standardwebhooks";
import { call, request } from "../test/call.ts";
import { answer, bodyOf, startEndpoint } from "../test/endpoint.ts";
import { credentials, newSigner } from "../test/keys.ts";

const DOCUMENT = readFileSync(new URL("../../../docs/signatures.md", import.meta.url), "utf8");
const SIGNING_KEY = "Zx81aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW";

/** Runs the example that has a text in it, with what it imports and what stands around it, and answers the value of an expression behind it. */
async function runExample(text: string, scope: Readonly<Record<string, unknown>>, result: string): Promise<unknown> {
  const examples = [...DOCUMENT.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = ""]) => code);
  const code = examples.find((each) => each.includes(text)) ?? assert.fail(`no example has ${text}`);
  const body = `"use strict"; return (async () => { ${code.replaceAll(/^import .*$/gm, "")}\nreturn ${result}; })()`;
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- it is the repository's own document
  const run = new Function(...Object.keys(scope), body) as (...values: unknown[]) => Promise<unknown>;
  return run(...Object.values(scope));
}

it("the examples of signatures.md take what is genuine, and nothing else", async (t) => {
  const seen: [string, Record<string, string>][] = [];
  const endpoint = await startEndpoint(t, async (incoming, response) => {
    seen.push([await bodyOf(incoming), incoming.headers as Record<string, string>]);
    answer(response, 200);
  });
  const signingKeys = ["a newer key", SIGNING_KEY].map((secret) => ({ kind: "hmac" as const, secret }));
  await call(request(endpoint.url), { credentialsOf: credentials({ signingKeys }) });
  const [[body, headers] = ["", {}]] = seen;
  const isGenuine = (given: string, now: number, key = SIGNING_KEY): Promise<unknown> =>
    runExample(
      "function isGenuine",
      { createHmac, timingSafeEqual, SIGNING_KEY: key, given, headers, now },
      "isGenuine(given, headers, now)",
    );
  assert.equal(await isGenuine(body, Date.now()), true);
  assert.equal(await isGenuine(`${body} `, Date.now()), false);
  assert.equal(await isGenuine(body, Date.now() + 310_000), false);
  assert.equal(await isGenuine(body, Date.now() - 310_000), false);
  assert.equal(await isGenuine(body, Date.now(), "another key"), false);
  const byLibrary = (given: string): Promise<unknown> =>
    runExample("new Webhook", { Webhook, Buffer, SIGNING_KEY, body: given, request: { headers } }, "message");
  assert.deepEqual(await byLibrary(body), { a: "ü" });
  await assert.rejects(byLibrary(`${body} `), /No matching signature/);
});

it("the example of signatures.md reads what is encrypted", async (t) => {
  const { signer, publicKey } = newSigner();
  const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const keySet = { keys: [{ ...(await jose.exportJWK(publicKey)), kid: signer.keyId, alg: "RS256" }] };
  const bodies: string[] = [];
  const endpoint = await startEndpoint(t, async (incoming, response) => {
    bodies.push(await bodyOf(incoming));
    answer(response, 200, keySet, { "content-type": "application/json" });
  });
  const credentialsOf = credentials({ encryptionKey: { id: "1", publicKey: own.publicKey } });
  await call(request(endpoint.url, { payloadType: "jwe" }), { tokenSigner: () => signer, credentialsOf });
  const [body] = bodies;
  const scope = { ...jose, INTERPOSE: endpoint.url.slice(0, -1), PRIVATE_KEY: own.privateKey, body };
  assert.deepEqual(await runExample("compactDecrypt", scope, "message"), { a: "ü" });
});
