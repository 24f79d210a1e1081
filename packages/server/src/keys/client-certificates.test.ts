import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { before, describe, it } from "node:test";
import type { ClientCertificate } from "@interpose/caller";
import { createCertificate } from "../../test/harness/certificate.ts";
import { forSuite } from "../../test/harness/cleanup.ts";
import { faultOfClientCertificate, shownCertificate } from "./client-certificates.ts";

const DAY_MS = 24 * 3_600_000;
const NOW = new Date();

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const passphrase = { cipher: "aes-256-cbc", passphrase: "p", type: "pkcs8", format: "pem" } as const;
const encrypted = rsa.privateKey.export(passphrase).toString();

describe("client certificates", () => {
  const suite = forSuite();
  let own: ClientCertificate;
  let other: ClientCertificate;
  before(async () => {
    [own, other] = await Promise.all([newCertificate(), newCertificate()]);
  });

  async function newCertificate(): Promise<ClientCertificate> {
    const { ca, keyFile } = await createCertificate(suite);
    return { certificate: ca, privateKey: await readFile(keyFile, "utf8") };
  }

  it("say whom they name, and until when", () => {
    const { subject, issuer, fingerprint, notAfter } = shownCertificate(own);
    assert.deepEqual([subject, issuer], ["CN=localhost", "CN=localhost"]);
    assert.match(fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    assert.ok(Math.abs(notAfter.getTime() - (NOW.getTime() + 2 * DAY_MS)) < DAY_MS);
  });

  it("are good with their own key, alone and with others behind them", () => {
    assert.equal(faultOfClientCertificate(own, NOW), undefined);
    const chain = `${own.certificate}\n${other.certificate}`;
    assert.equal(faultOfClientCertificate({ ...own, certificate: chain }, NOW), undefined);
  });

  const faults: readonly (readonly [
    what: string,
    of: () => ClientCertificate,
    field: "certificate" | "private_key",
    says: RegExp,
  ])[] = [
    ["nothing", () => ({ certificate: "", privateKey: "" }), "certificate", /is not made of PEM blocks/],
    [
      "another's key",
      () => ({ ...own, privateKey: other.privateKey }),
      "private_key",
      /belongs to another certificate/,
    ],
    [
      "a chain in the wrong order",
      () => ({ ...own, certificate: `${other.certificate}${own.certificate}` }),
      "private_key",
      /another certificate than the first/,
    ],
    ["text around", () => ({ ...own, certificate: `me\n${own.certificate}` }), "certificate", /PEM blocks .* alone/],
    [
      "a key in the certificate's place",
      () => ({ ...own, certificate: own.privateKey }),
      "certificate",
      /is not made of PEM blocks/,
    ],
    [
      "a key beside the certificate",
      () => ({ ...own, certificate: own.certificate + own.privateKey }),
      "certificate",
      /is not made of PEM blocks/,
    ],
    [
      "a block that is none",
      () => ({ ...own, certificate: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" }),
      "certificate",
      /no certificate that can be read/,
    ],
    ["a long chain", () => ({ ...own, certificate: own.certificate.repeat(11) }), "certificate", /has 11 certificates/],
    [
      "very much",
      () => ({ ...own, certificate: own.certificate + " ".repeat(40_000) }),
      "certificate",
      /bytes; at most/,
    ],
    ["no key", () => ({ ...own, privateKey: "" }), "private_key", /is not one PEM block/],
    [
      "a certificate in the key's place",
      () => ({ ...own, privateKey: own.certificate }),
      "private_key",
      /is not one PEM/,
    ],
    ["a key with a passphrase", () => ({ ...own, privateKey: encrypted }), "private_key", /without a passphrase/],
    ["two keys", () => ({ ...own, privateKey: own.privateKey.repeat(2) }), "private_key", /is not one PEM block/],
    [
      "a key that is none",
      () => ({ ...own, privateKey: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" }),
      "private_key",
      /no key in its PEM block/,
    ],
    [
      "a very long key",
      () => ({ ...own, privateKey: own.privateKey + " ".repeat(20_000) }),
      "private_key",
      /has more than/,
    ],
  ];
  for (const [what, of, field, says] of faults) {
    it(`are refused with ${what}`, () => {
      const found = faultOfClientCertificate(of(), NOW) ?? assert.fail("it was taken");
      assert.equal(found.field, field, found.fault);
      assert.match(found.fault, says);
    });
  }

  it("are refused once they have expired", () => {
    const { notAfter } = shownCertificate(own);
    const before = new Date(notAfter.getTime() - 1);
    assert.equal(faultOfClientCertificate(own, before), undefined);
    assert.match(faultOfClientCertificate(own, notAfter)?.fault ?? "", /^has expired at 20\d\d-/);
  });
});
