import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, verify } from "node:crypto";
import { describe, it } from "node:test";
import { Webhook } from "standardwebhooks";
import { call, request } from "../../test/call.ts";
import { deliver, delivery } from "../../test/deliver.ts";
import { answer, bodyOf, startEndpoint } from "../../test/endpoint.ts";
import { credentials, newSigner } from "../../test/keys.ts";
import type { SigningKey } from "../credentials.ts";
import { signatureHeaders } from "./sign.ts";

const SECRET = "Zx81aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW";
const hmac = (secret: string): SigningKey => ({ kind: "hmac", secret });
const message = (text: string, timestamp = 1_790_000_000) => ({
  id: "388913044017381440-1",
  timestamp,
  body: Buffer.from(text),
});

/** HMAC-SHA256 as OpenSSL makes it, in hexadecimal. */
function openssl(secret: string, text: string): string {
  const args = ["dgst", "-sha256", "-mac", "HMAC", "-macopt", `hexkey:${Buffer.from(secret).toString("hex")}`, "-r"];
  return execFileSync("openssl", args, { input: text, encoding: "utf8" }).split(" ")[0] ?? "";
}

/** What Standard Webhooks' own library takes for the key. */
const whsec = (secret: string): string => `whsec_${Buffer.from(secret).toString("base64")}`;

describe("signatureHeaders()", () => {
  for (const secret of [SECRET, "ein Schlüssel", "k".repeat(200)]) {
    for (const body of ['{"a":"ü"}', "", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"]) {
      it(`signs ${JSON.stringify(body)} as OpenSSL does, by a key of ${secret.length} characters`, () => {
        const headers = signatureHeaders(message(body), [hmac(secret)]);
        const webhook = openssl(secret, `388913044017381440-1.1790000000.${body}`);
        assert.deepEqual(headers, {
          "zitadel-signature": `t=1790000000,v1=${openssl(secret, `1790000000.${body}`)}`,
          "webhook-signature": `v1,${Buffer.from(webhook, "hex").toString("base64")}`,
        });
      });
    }
  }

  it("signs by each key while they rotate, in their order", () => {
    const [one, two] = [hmac("one"), hmac("two")].map((key) => signatureHeaders(message("{}"), [key]));
    const both = signatureHeaders(message("{}"), [hmac("two"), hmac("one")]);
    const hex = (headers = one): string => headers?.["zitadel-signature"]?.split(",")[1] ?? "";
    assert.equal(both["zitadel-signature"], `t=1790000000,${hex(two)},${hex(one)}`);
    assert.equal(both["webhook-signature"], `${two?.["webhook-signature"]} ${one?.["webhook-signature"]}`);
  });

  it("signs by Ed25519 in the one form that has it", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const headers = signatureHeaders(message('{"a":"ü"}'), [{ kind: "ed25519", privateKey }]);
    assert.deepEqual(Object.keys(headers), ["webhook-signature"]);
    const [version, signature = ""] = headers["webhook-signature"]?.split(",") ?? [];
    assert.equal(version, "v1a");
    const signed = Buffer.from('388913044017381440-1.1790000000.{"a":"ü"}');
    assert.ok(verify(null, signed, publicKey, Buffer.from(signature, "base64")));
    const mixed = signatureHeaders(message("{}"), [hmac(SECRET), { kind: "ed25519", privateKey }]);
    assert.match(mixed["webhook-signature"] ?? "", /^v1,\S+ v1a,\S+$/);
    assert.match(mixed["zitadel-signature"] ?? "", /^t=1790000000,v1=[0-9a-f]{64}$/);
  });

  it("signs nothing without keys", () => assert.deepEqual(signatureHeaders(message("{}"), []), {}));

  it("makes what Standard Webhooks' own library makes", () => {
    const headers = signatureHeaders(message('{"a":"ü"}'), [hmac(SECRET)]);
    const time = new Date(1_790_000_000_000);
    assert.equal(
      headers["webhook-signature"],
      new Webhook(whsec(SECRET)).sign("388913044017381440-1", time, '{"a":"ü"}'),
    );
  });
});

describe("what a target is sent with signing keys", () => {
  const keys = credentials({ signingKeys: [hmac(SECRET), hmac("the one before")] });

  for (const secret of [SECRET, "the one before"]) {
    it(`is taken by Standard Webhooks' own library, with ${secret === SECRET ? "the new" : "the old"} key`, async (t) => {
      const taken: unknown[] = [];
      const endpoint = await startEndpoint(t, async (incoming, response) => {
        taken.push(
          new Webhook(whsec(secret)).verify(await bodyOf(incoming), incoming.headers as Record<string, string>),
        );
        answer(response, 200);
      });
      const options = { credentialsOf: keys };
      assert.equal((await call(request(endpoint.url), options)).kind, "replied");
      const delivered = await deliver(delivery(endpoint.url, { payload: Buffer.from('{"b":1}') }), options);
      assert.equal(delivered.kind, "replied");
      assert.deepEqual(taken, [{ a: "ü" }, { b: 1 }]);
    });
  }

  it("is refused by it with another key, or another body", async (t) => {
    const seen: [string, Record<string, string>][] = [];
    const endpoint = await startEndpoint(t, async (incoming, response) => {
      seen.push([await bodyOf(incoming), incoming.headers as Record<string, string>]);
      answer(response, 200);
    });
    await call(request(endpoint.url), { credentialsOf: keys });
    const [[body, headers] = ["", {}]] = seen;
    assert.throws(() => new Webhook(whsec("another")).verify(body, headers), /No matching signature/);
    assert.throws(() => new Webhook(whsec(SECRET)).verify(`${body} `, headers), /No matching signature/);
  });

  it("says its id and time also without keys, by the clock of the options", async (t) => {
    const seen: unknown[] = [];
    const endpoint = await startEndpoint(t, (incoming, response) => {
      const { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature } = incoming.headers;
      seen.push([id, time, signature, incoming.headers["zitadel-signature"]]);
      answer(response, 200);
    });
    const options = { now: () => 1_790_000_000_999 };
    await call(request(endpoint.url), options);
    await deliver(delivery(endpoint.url), options);
    assert.deepEqual(seen, [
      ["17-1", "1790000000", undefined, undefined],
      ["17", "1790000000", undefined, undefined],
    ]);
  });

  it("is signed as it is sent: the token, where it is one", async (t) => {
    let seen: [string, string | undefined] = ["", ""];
    const endpoint = await startEndpoint(t, async (incoming, response) => {
      seen = [await bodyOf(incoming), incoming.headers["zitadel-signature"] as string];
      answer(response, 200);
    });
    const { signer } = newSigner();
    const options = { credentialsOf: keys, tokenSigner: () => signer, now: () => 1_790_000_000_000 };
    await call(request(endpoint.url, { payloadType: "jwt" }), options);
    const [body, signature] = seen;
    assert.match(body, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    assert.ok(signature?.startsWith(`t=1790000000,v1=${openssl(SECRET, `1790000000.${body}`)},`), signature);
  });

  it("is signed also where it is redirected to, elsewhere too", async (t) => {
    const seen: (string | undefined)[] = [];
    const other = await startEndpoint(t, async (incoming, response) => {
      new Webhook(whsec(SECRET)).verify(await bodyOf(incoming), incoming.headers as Record<string, string>);
      seen.push(incoming.headers["zitadel-signature"] as string);
      answer(response, 200);
    });
    const endpoint = await startEndpoint(t, (incoming, response) => {
      seen.push(incoming.headers["zitadel-signature"] as string);
      answer(response, 307, "", { location: other.url });
    });
    assert.equal((await call(request(endpoint.url), { credentialsOf: keys })).kind, "replied");
    assert.equal(seen[0], seen[1]);
    assert.match(seen[0] ?? "", /^t=\d{10},v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/);
  });
});
