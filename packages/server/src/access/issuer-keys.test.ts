import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { cleanUp, type Cleanup } from "../../test/harness/cleanup.ts";
import { createJwtVerifier, reasonOf, type JwtOptions } from "./jwt-verifier.ts";

const KEYS = await generateKeyPair("ES256", { extractable: true });
const JWKS = { keys: [{ ...(await exportJWK(KEYS.publicKey)), kid: "k", alg: "ES256" }] };

/** An issuer that answers as a test says, by path. */
async function startIssuer(t: Cleanup, answers: Readonly<Record<string, (response: ServerResponse) => void>>) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const answer = answers[request.url ?? ""];
    if (answer) answer(response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp(t, () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const json =
  (document: unknown, status = 200) =>
  (response: ServerResponse): void =>
    void response.writeHead(status).end(JSON.stringify(document));

function token(): Promise<string> {
  return new SignJWT({ aud: "a", sub: "s" })
    .setProtectedHeader({ alg: "ES256", kid: "k" })
    .setExpirationTime("5m")
    .sign(KEYS.privateKey);
}

function verifierOf(given: Partial<JwtOptions>): (token: string) => Promise<unknown> {
  return createJwtVerifier({ audience: "a", clockSkewSeconds: 0, ...given });
}

describe("the keys of an issuer", () => {
  it("are fetched once for many tokens, also where these come at the same time", async (t) => {
    const { url, asked } = await startIssuer(t, { "/keys": json(JWKS) });
    const verify = verifierOf({ jwksUrl: `${url}/keys` });
    const one = await token();
    await Promise.all(Array.from({ length: 20 }, () => verify(one)));
    await verify(one);
    assert.deepEqual(asked, ["/keys"]);
  });

  it("are fetched anew for a key that is not known, but not for each of many such tokens", async (t) => {
    const { url, asked } = await startIssuer(t, { "/keys": json(JWKS) });
    const verify = verifierOf({ jwksUrl: `${url}/keys` });
    for (let i = 0; i < 50; i++) {
      const unknown = await new SignJWT({ aud: "a" })
        .setProtectedHeader({ alg: "ES256", kid: `unknown ${i}` })
        .setExpirationTime("5m")
        .sign(KEYS.privateKey);
      await assert.rejects(verify(unknown));
    }
    assert.deepEqual(asked, ["/keys"]);
    await verify(await token());
  });

  const large = JSON.stringify({ keys: [], filler: "x".repeat(1024 * 1024) });
  const bad: readonly (readonly [title: string, answer: (response: ServerResponse) => void, reason: RegExp])[] = [
    ["answers an error", json({}, 500), /answered 500/],
    ["redirects elsewhere", (response) => response.writeHead(302, { location: "/other" }).end(), /redirect/],
    ["answers what is not JSON", (response) => response.end("<html>"), /JSON/],
    ["answers no object", json([]), /no JSON object/],
    ["answers without an end", (response) => response.end(large), /more than 1048576/],
    ["breaks off", (response) => void response.writeHead(200).write("{", () => response.destroy()), /terminated/],
  ];
  for (const [title, answer, reason] of bad) {
    it(`are none where the issuer ${title}, and it is left alone for a while`, async (t) => {
      const { url, asked } = await startIssuer(t, { "/keys": answer, "/other": json(JWKS) });
      const verify = verifierOf({ jwksUrl: `${url}/keys` });
      const one = await token();
      await assert.rejects(verify(one), (error) => reason.test(reasonOf(error)));
      for (let i = 0; i < 10; i++)
        await assert.rejects(verify(one), (error) => reasonOf(error).includes("could not be reached a moment ago"));
      assert.deepEqual(asked, ["/keys"]);
    });
  }

  const documents: readonly (readonly [title: string, document: (url: string) => unknown])[] = [
    ["of another issuer", (url) => ({ issuer: "https://other.example.com", jwks_uri: `${url}/keys` })],
    ["that names no keys", (url) => ({ issuer: url })],
    ["that is a list", (url) => [url]],
  ];
  for (const [title, documentOf] of documents) {
    it(`are none by a discovery document ${title}, which is not asked for each token`, async (t) => {
      const issuer = await startIssuer(t, {
        "/.well-known/openid-configuration": (response) => json(documentOf(issuer.url))(response),
        "/keys": json(JWKS),
      });
      const verify = verifierOf({ issuer: issuer.url });
      for (let i = 0; i < 5; i++) await assert.rejects(verify(await token()));
      assert.deepEqual(issuer.asked, ["/.well-known/openid-configuration"]);
    });
  }
});
