import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, it } from "node:test";
import { parsePublicKey } from "./public-keys.ts";

const pemOf = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }) as string;
const ec = (namedCurve: string): KeyObject => generateKeyPairSync("ec", { namedCurve }).publicKey;
const rsa = (modulusLength: number): KeyObject => generateKeyPairSync("rsa", { modulusLength }).publicKey;

describe("parsePublicKey()", () => {
  const good: Readonly<Record<string, KeyObject>> = {
    "RSA of 2,048 bits": rsa(2048),
    "EC on P-256": ec("P-256"),
    "EC on P-384": ec("P-384"),
    "EC on P-521": ec("P-521"),
  };
  for (const [what, key] of Object.entries(good)) {
    it(`takes ${what}, with the fingerprint of its DER`, () => {
      for (const pem of [pemOf(key), `\r\n${pemOf(key).replaceAll("\n", "\r\n")}`, pemOf(key).trim()]) {
        const digest = createHash("sha256")
          .update(key.export({ type: "spki", format: "der" }))
          .digest("base64");
        assert.deepEqual(parsePublicKey(Buffer.from(pem)), { pem, fingerprint: `SHA256:${digest.replace("=", "")}` });
      }
    });
  }

  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = pemOf(publicKey);
  const bad: readonly [string, string, RegExp][] = [
    ["nothing", "", /is not one PEM block/],
    ["text", "my key", /is not one PEM block/],
    ["a private key", privateKey.export({ type: "pkcs8", format: "pem" }) as string, /is not one PEM block/],
    ["PKCS #1", publicKey.export({ type: "pkcs1", format: "pem" }) as string, /is not one PEM block/],
    ["two keys", pem + pem, /is not one PEM block/],
    ["a text before it", `key: ${pem}`, /is not one PEM block/],
    ["a broken block", pem.replace(/\n.{64}\n/, "\n"), /no key in its PEM block/],
    ["RSA of 1,024 bits", pemOf(rsa(1024)), /RSA with 1024 bits\. Use 2048 to 8192/],
    ["RSA-PSS", pemOf(generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).publicKey), /of the type rsa-pss/],
    ["Ed25519", pemOf(generateKeyPairSync("ed25519").publicKey), /of the type ed25519\. Use RSA, or EC/],
    ["X25519", pemOf(generateKeyPairSync("x25519").publicKey), /of the type x25519/],
    ["EC on secp256k1", pemOf(ec("secp256k1")), /on the curve secp256k1\. Use one of P-256, P-384, P-521/],
    ["what is long", `${pem}${"\n".repeat(9_000)}`, /at most 8192 are allowed/],
  ];
  for (const [what, given, says] of bad) {
    it(`refuses ${what}`, () => {
      const parsed = parsePublicKey(Buffer.from(given));
      assert.match("fault" in parsed ? parsed.fault : "it was taken", says);
    });
  }
});
