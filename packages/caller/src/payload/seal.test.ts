import assert from "node:assert/strict";
import { createSecretKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, it } from "node:test";
import { compactDecrypt, compactVerify } from "jose";
import { assertFailed, call, request } from "../../test/call.ts";
import { deliver, delivery } from "../../test/deliver.ts";
import { answer, bodyOf, startEndpoint, type Endpoint } from "../../test/endpoint.ts";
import { credentials, newSigner } from "../../test/keys.ts";
import type { TargetCallerOptions } from "../options.ts";

const { signer, publicKey } = newSigner();
const tokenSigner = () => signer;
const RSA = generateKeyPairSync("rsa", { modulusLength: 2048 });
const EC = ["P-256", "P-384", "P-521"].map((namedCurve) => generateKeyPairSync("ec", { namedCurve }));

/** An endpoint that keeps the bodies that it is sent. */
async function startReader(t: Parameters<typeof startEndpoint>[0]): Promise<Endpoint & { bodies: string[] }> {
  const bodies: string[] = [];
  const endpoint = await startEndpoint(t, async (incoming, response) => {
    assert.equal(incoming.headers["content-type"], "application/json");
    bodies.push(await bodyOf(incoming));
    answer(response, 200);
  });
  return { ...endpoint, bodies };
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const encryptedTo = (publicKey: KeyObject): Partial<TargetCallerOptions> => ({
  tokenSigner,
  credentialsOf: credentials({ encryptionKey: { id: "key-7", publicKey } }),
});

describe("a payload of type jwt", () => {
  it("is a JWS of the JSON, byte by byte, of calls and deliveries alike", async (t) => {
    const reader = await startReader(t);
    await call(request(reader.url, { payloadType: "jwt" }), { tokenSigner });
    const payload = Buffer.from('{ "b":12345678901234567890,\n"a":"ü" }');
    await deliver(delivery(reader.url, { payloadType: "jwt", payload }), { tokenSigner });
    const read = await Promise.all(reader.bodies.map((body) => compactVerify(body, publicKey)));
    assert.deepEqual(
      read.map(({ payload }) => text(payload)),
      ['{"a":"ü"}', payload.toString()],
    );
    for (const { protectedHeader } of read)
      assert.deepEqual(protectedHeader, { alg: "RS256", typ: "JWT", kid: "signer-1" });
  });

  it("is signed by the key of the moment", async (t) => {
    const reader = await startReader(t);
    const next = newSigner("signer-2");
    for (const each of [signer, next.signer])
      await call(request(reader.url, { payloadType: "jwt" }), { tokenSigner: () => each });
    const [first = "", second = ""] = reader.bodies;
    await compactVerify(first, publicKey);
    assert.equal((await compactVerify(second, next.publicKey)).protectedHeader.kid, "signer-2");
    await assert.rejects(compactVerify(second, publicKey));
  });
});

describe("a payload of type jwe", () => {
  for (const [pair, alg] of [[RSA, "RSA-OAEP-256"] as const, ...EC.map((ec) => [ec, "ECDH-ES+A256KW"] as const)]) {
    const { namedCurve = "RSA" } = pair.publicKey.asymmetricKeyDetails ?? {};
    it(`is the JWS, encrypted to a key of ${namedCurve}`, async (t) => {
      const reader = await startReader(t);
      const options = encryptedTo(pair.publicKey);
      await call(request(reader.url, { payloadType: "jwe" }), options);
      await deliver(delivery(reader.url, { payloadType: "jwe", payload: Buffer.from('{"a":"ü"}') }), options);
      assert.equal(reader.bodies.length, 2);
      for (const body of reader.bodies) {
        const { plaintext, protectedHeader } = await compactDecrypt(body, pair.privateKey);
        const { epk: _epk, ...header } = protectedHeader;
        assert.deepEqual(header, { alg, enc: "A256GCM", typ: "JWT", cty: "JWT", kid: "key-7" });
        assert.equal(text((await compactVerify(text(plaintext), publicKey)).payload), '{"a":"ü"}');
      }
    });
  }
});

describe("a payload that cannot be sealed", () => {
  const small = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const edwards = generateKeyPairSync("ed25519");
  const koblitz = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
  const cases: readonly [what: string, type: "jwt" | "jwe", options: Partial<TargetCallerOptions>, detail: RegExp][] = [
    ["there is no signer", "jwt", {}, /this instance has no key/],
    [
      "there is no signer to encrypt for",
      "jwe",
      { ...encryptedTo(RSA.publicKey), tokenSigner: () => undefined },
      /no key/,
    ],
    ["no key is active", "jwe", { tokenSigner }, /the target has no active key/],
    ["credentials have none", "jwe", { tokenSigner, credentialsOf: credentials() }, /the target has no active key/],
    ["the target's key is too short", "jwe", encryptedTo(small.publicKey), /key "key-7" cannot be encrypted to/],
    ["the target's key can only sign", "jwe", encryptedTo(edwards.publicKey), /key "key-7" is of type ed25519/],
    [
      "the target's key is on another curve",
      "jwe",
      encryptedTo(koblitz.publicKey),
      /key "key-7" cannot be encrypted to/,
    ],
    ["the target's key is a secret one", "jwe", encryptedTo(createSecretKey(Buffer.alloc(32))), /is of type secret/],
    [
      "the instance's key cannot sign",
      "jwt",
      { tokenSigner: () => ({ ...signer, privateKey: edwards.privateKey }) },
      /key "signer-1" cannot sign by RS256/,
    ],
  ];
  for (const [what, payloadType, options, detail] of cases) {
    it(`is not sent, and says so, where ${what}`, async (t) => {
      const reader = await startReader(t);
      const called = await call(request(reader.url, { payloadType }), options);
      assertFailed(called, "unsealable");
      assert.ok(called.kind === "failed");
      assert.match(called.detail, detail);
      const delivered = await deliver(delivery(reader.url, { payloadType }), options);
      assert.ok(delivered.kind === "failed" && delivered.failure === "unsealable");
      assert.deepEqual([delivered.url, delivered.sentHeaders], [undefined, undefined]);
      assert.equal(reader.connections(), 0);
    });
  }

  it("is not sent either where only the token is too large", async (t) => {
    const reader = await startReader(t);
    const sent = request(reader.url, { payloadType: "jwt" }, { a: "x".repeat(600) });
    assertFailed(await call(sent, { tokenSigner, maxPayloadBytes: 1_000 }), "payload_too_large");
    assertFailed(await call(sent, { tokenSigner, maxPayloadBytes: 600 }), "payload_too_large");
    assert.equal((await call(sent, { tokenSigner, maxPayloadBytes: 1_300 })).kind, "replied");
    assert.equal(reader.bodies.length, 1);
  });
});
