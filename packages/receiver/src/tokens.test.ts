import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { CompactEncrypt, CompactSign, exportJWK, type JSONWebKeySet, type JWK } from "jose";
import { KEY, webhookHeaders } from "../test/sign.ts";
import { ReceiverError, type ErrorCode } from "./error.ts";
import { createReceiver } from "./receiver.ts";
import { reply } from "./reply.ts";
import { createOpener, type OpenerOptions } from "./tokens.ts";

const PAYLOAD = '{"fullMethod":"/acme.v1.Users/Add","request":{"name":"Zoë"}}';
const rsa = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const instance = rsa();
const forRsa = rsa();
const forEc = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }) as string;

async function jwksOf(key: KeyObject, kid: string, more: JWK = {}): Promise<JSONWebKeySet> {
  return { keys: [{ ...(await exportJWK(key)), kid, alg: "RS256", use: "sig", ...more }] };
}

const jwks = await jwksOf(instance.publicKey, "k1");

/** A JWT as Interpose and ZITADEL write one. */
function jwt(payload = PAYLOAD, { key = instance.privateKey, alg = "RS256", kid = "k1" } = {}): Promise<string> {
  return new CompactSign(Buffer.from(payload)).setProtectedHeader({ alg, kid }).sign(key);
}

/** A JWE of it, as they write one. */
async function jwe(to: KeyObject, header: object = {}, content?: string): Promise<string> {
  const alg = to.asymmetricKeyType === "ec" ? "ECDH-ES+A256KW" : "RSA-OAEP-256";
  return new CompactEncrypt(Buffer.from(content ?? (await jwt())))
    .setProtectedHeader({ alg, enc: "A256GCM", typ: "JWT", cty: "JWT", kid: "t1", ...header })
    .encrypt(to);
}

async function refused(code: ErrorCode, body: string, options: Partial<OpenerOptions> = {}, text = /./): Promise<void> {
  await assert.rejects(createOpener({ jwks, ...options })(body), (error) => {
    assert.ok(error instanceof ReceiverError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, text);
    return true;
  });
}

/** Serves keys, and counts how often they are asked for. */
async function serve(t: TestContext, answer: () => unknown): Promise<{ url: string; count: () => number }> {
  let count = 0;
  const server = createServer((_request, response) => {
    count++;
    const body = answer();
    response.writeHead(body === undefined ? 500 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`, count: () => count };
}

describe("createOpener()", () => {
  it("opens a JWT that the instance signed", async () => {
    assert.equal(await createOpener({ jwks })(await jwt()), PAYLOAD);
    assert.equal(await createOpener({ jwks })(`${await jwt()}\n`), PAYLOAD);
  });

  it("fetches the instance's keys once, and again for one that is new", async (t) => {
    let served = jwks;
    const { url, count } = await serve(t, () => served);
    const open = createOpener({ jwks: url });
    for (let i = 0; i < 3; i++) assert.equal(await open(await jwt()), PAYLOAD);
    assert.equal(count(), 1);
    const rotated = rsa();
    served = { keys: [...jwks.keys, ...(await jwksOf(rotated.publicKey, "k2")).keys] };
    // Right after a look, it does not look again: whoever sends keys that nobody has could else have it look without end.
    const next = await jwt(PAYLOAD, { key: rotated.privateKey, kid: "k2" });
    await assert.rejects(open(next), { code: "token_invalid" });
    assert.equal(count(), 1);
    assert.equal(await createOpener({ jwks: new URL(url) })(next), PAYLOAD);
  });

  it("says so when keys cannot be fetched", async (t) => {
    const { url } = await serve(t, () => undefined);
    await refused("keys_unavailable", await jwt(), { jwks: url });
    await refused("keys_unavailable", await jwt(), { jwks: "http://127.0.0.1:1/" });
    const { url: odd } = await serve(t, () => ({ keys: "none" }));
    await refused("keys_unavailable", await jwt(), { jwks: odd });
  });

  for (const [title, { publicKey, privateKey }] of [
    ["RSA", forRsa],
    ["EC", forEc],
  ] as const)
    it(`opens a JWE for a key of ${title}, given as PEM, as JWK and as a key of WebCrypto`, async () => {
      const body = await jwe(publicKey);
      const algorithm = title === "RSA" ? { name: "RSA-OAEP", hash: "SHA-256" } : { name: "ECDH", namedCurve: "P-256" };
      const pkcs8 = privateKey.export({ type: "pkcs8", format: "der" });
      const usages: ("decrypt" | "deriveBits")[] = [title === "RSA" ? "decrypt" : "deriveBits"];
      const webKey = await crypto.subtle.importKey("pkcs8", new Uint8Array(pkcs8), algorithm, false, usages);
      for (const key of [pem(privateKey), await exportJWK(privateKey), webKey])
        assert.equal(await createOpener({ jwks, decryptionKeys: [{ kid: "t1", key }] })(body), PAYLOAD);
    });

  it("tries the key that is named first, then the others, of whatever kind they are", async () => {
    const decryptionKeys = [
      { key: pem(forEc.privateKey) },
      { kid: "t1", key: pem(rsa().privateKey) },
      { kid: "t2", key: pem(forRsa.privateKey) },
    ];
    const open = createOpener({ jwks, decryptionKeys });
    for (const kid of ["t1", "t2", "t3"]) assert.equal(await open(await jwe(forRsa.publicKey, { kid })), PAYLOAD);
    assert.equal(await open(await jwe(forEc.publicKey)), PAYLOAD);
  });

  describe("refuses", () => {
    const decryptionKeys = [{ key: pem(forRsa.privateKey) }];

    it("what is weaker than the target's payload type, unless it is accepted", async () => {
      await refused("payload_type", PAYLOAD, {}, /plain JSON.*jwt/);
      await refused("payload_type", PAYLOAD, { decryptionKeys });
      await refused("payload_type", await jwt(), { decryptionKeys }, /a JWT.*jwe/);
      const open = createOpener({ jwks, decryptionKeys, accept: ["json", "jwt", "jwe"] });
      for (const body of [PAYLOAD, await jwt(), await jwe(forRsa.publicKey)]) assert.equal(await open(body), PAYLOAD);
    });

    it("what is none of them", async () => {
      for (const body of ["", "a.b", "a.b.c.d", "a.b.c.d.e.f.g", "null", "[]"]) await refused("payload_type", body);
    });

    it("a signature of another key, another body, and another kid", async () => {
      await refused("token_invalid", await jwt(PAYLOAD, { key: rsa().privateKey }), {}, /signature is wrong/);
      const [header, , signature] = (await jwt()).split(".");
      const other = Buffer.from(PAYLOAD.replace("Zoë", "Ada")).toString("base64url");
      await refused("token_invalid", `${header}.${other}.${signature}`, {}, /signature is wrong/);
      await refused("token_invalid", await jwt(PAYLOAD, { kid: "k9" }), {}, /none/);
      await refused("token_invalid", "a.b.c", {}, /malformed/);
    });

    it("algorithms that are not allowed: none, HS256 with the public key for a secret, and others of RSA", async () => {
      const header = (alg: string) => Buffer.from(JSON.stringify({ alg, kid: "k1" })).toString("base64url");
      const body = Buffer.from(PAYLOAD).toString("base64url");
      await refused("token_invalid", `${header("none")}.${body}.`);
      const secret = Buffer.from(instance.publicKey.export({ type: "spki", format: "pem" }) as string);
      const confused = await new CompactSign(Buffer.from(PAYLOAD))
        .setProtectedHeader({ alg: "HS256", kid: "k1" })
        .sign(secret);
      await refused("token_invalid", confused, {}, /not allowed/);
      await refused("token_invalid", await jwt(PAYLOAD, { alg: "PS256" }), {}, /not allowed/);
      const withoutAlg = await jwksOf(instance.publicKey, "k1");
      delete withoutAlg.keys[0]?.alg;
      const open = createOpener({ jwks: withoutAlg, algorithms: ["PS256"] });
      assert.equal(await open(await jwt(PAYLOAD, { alg: "PS256" })), PAYLOAD);
    });

    it("a JWE for another key, by another algorithm, or compressed", async () => {
      await refused("undecryptable", await jwe(rsa().publicKey), { decryptionKeys }, /none of the private keys \(1\)/);
      await refused("undecryptable", await jwe(forEc.publicKey), { decryptionKeys }, /none of the private keys/);
      await refused(
        "undecryptable",
        await jwe(forRsa.publicKey, { alg: "RSA-OAEP" }),
        { decryptionKeys },
        /RSA-OAEP-256/,
      );
      await refused("undecryptable", await jwe(forRsa.publicKey, { enc: "A128GCM" }), { decryptionKeys });
      await refused("undecryptable", await jwe(forRsa.publicKey, { zip: "DEF" }), { decryptionKeys }, /compressed/);
      await refused("undecryptable", "a.b.c.d.e", { decryptionKeys }, /header/);
    });

    it("a JWE of what nobody signed, since anybody can encrypt to a public key", async () => {
      await refused("token_invalid", await jwe(forRsa.publicKey, {}, PAYLOAD), { decryptionKeys }, /not signed/);
      const theirs = await jwt(PAYLOAD, { key: rsa().privateKey });
      await refused("token_invalid", await jwe(forRsa.publicKey, {}, theirs), { decryptionKeys }, /signature/);
    });

    it("options that cannot work", () => {
      const cases: readonly [Partial<OpenerOptions>, RegExp][] = [
        [{ jwks: "not an address" }, /jwks/],
        [{ jwks: { keys: 1 } as never }, /jwks/],
        [{ algorithms: [] }, /algorithms/],
        [{ algorithms: ["HS256" as never] }, /HS256/],
        [{ algorithms: ["none" as never] }, /none/],
        [{ accept: ["jwe"] }, /no decryptionKeys/],
        [{ accept: [] }, /accept/],
        [{ decryptionKeys: Array<{ key: string }>(17).fill({ key: "" }) }, /16/],
      ];
      for (const [options, message] of cases)
        assert.throws(() => createOpener({ jwks, ...options }), { code: "options_invalid", message });
    });
  });

  it("answers or throws a ReceiverError, whatever it is given", async () => {
    const open = createOpener({ jwks, decryptionKeys: [{ key: pem(forEc.privateKey) }], accept: ["jwt", "jwe"] });
    const whole = [await jwt(), await jwe(forEc.publicKey)];
    const mangled = fc
      .tuple(fc.constantFrom(...whole), fc.nat(), fc.string({ maxLength: 4 }))
      .map(([text, at, by]) => text.slice(0, at % text.length) + by + text.slice((at % text.length) + by.length));
    const parts = fc.array(fc.base64String(), { minLength: 1, maxLength: 6 }).map((each) => each.join("."));
    await fc.assert(
      fc.asyncProperty(fc.oneof(mangled, parts, fc.string()), async (body) => {
        try {
          assert.equal(await open(body), PAYLOAD);
        } catch (error) {
          assert.ok(error instanceof ReceiverError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("opens calls for a receiver, which verifies the body as it came", async () => {
    const on = { request: () => reply.change({ ok: true }) };
    const opener = createOpener({ jwks, decryptionKeys: [{ key: pem(forRsa.privateKey) }] });
    const receiver = createReceiver({ keys: KEY, opener, on, onError: () => undefined });
    const body = await jwe(forRsa.publicKey);
    assert.equal((await receiver.handle(webhookHeaders({ body }), body)).body, '{"ok":true}');
    assert.equal((await receiver.handle(webhookHeaders({ body: PAYLOAD }), body)).status, 401);
    assert.equal((await receiver.handle(webhookHeaders({ body: PAYLOAD, id: "2" }), PAYLOAD)).status, 400);
  });
});
