import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { KEY, WHSEC, ed25519, seconds, webhookHeaders, zitadelHeaders } from "../test/sign.ts";
import { ReceiverError, type ErrorCode } from "./error.ts";
import type { HeadersLike } from "./headers.ts";
import { verify, type VerifyOptions } from "./verify.ts";

const BODY = '{"fullMethod":"/acme.v1.Users/Add","request":{"name":"Zoë"}}';
const OTHER_KEY = KEY.toLowerCase();
const pair = ed25519();

/** Fails unless it is refused with the code, by a text that matches. */
async function refused(
  code: ErrorCode,
  text: RegExp,
  headers: HeadersLike,
  { body = BODY, keys = [KEY], ...options }: VerifyOptions & { body?: string; keys?: string[] } = {},
): Promise<void> {
  await assert.rejects(verify(headers, body, keys, options), (error) => {
    assert.ok(error instanceof ReceiverError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, text);
    return true;
  });
}

describe("verify()", () => {
  it("knows ZITADEL's header", async () => {
    const at = seconds();
    assert.deepEqual(await verify(zitadelHeaders({ body: BODY, at }), BODY, KEY), {
      family: "zitadel",
      id: undefined,
      timestamp: new Date(at * 1000),
      algorithm: "hmac-sha256",
      keyIndex: 0,
    });
  });

  it("knows the headers of Standard Webhooks, with an id that is signed", async () => {
    const at = seconds();
    assert.deepEqual(await verify(webhookHeaders({ body: BODY, at, id: "17.2" }), BODY, [OTHER_KEY, KEY]), {
      family: "standard-webhooks",
      id: "17.2",
      timestamp: new Date(at * 1000),
      algorithm: "hmac-sha256",
      keyIndex: 1,
    });
  });

  it("holds to a signature that was worked out by other means", async () => {
    // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac "$KEY"
    const now = 1_700_000_000_000;
    const hex = "37b191d9b85bbc651fd8dcf629779b694b1761a6f9e7becf60a6b113df4d8848";
    const zitadel = { "ZITADEL-Signature": `t=1700000000,v1=${hex}` };
    assert.equal((await verify(zitadel, '{"a":1}', KEY, { now })).family, "zitadel");
    // printf '17.1.1700000000.{"a":1}' | openssl dgst -sha256 -hmac "$KEY" -binary | base64
    const webhook = {
      "webhook-id": "17.1",
      "webhook-timestamp": "1700000000",
      "webhook-signature": "v1,GJK3fV7Nud+QcyRM1MfODfX/SKVoKjYJmJERXbkEogI=",
    };
    assert.equal((await verify(webhook, '{"a":1}', KEY, { now })).id, "17.1");
  });

  it("knows signatures of Ed25519", async () => {
    const headers = webhookHeaders({ body: BODY }, pair.privateKey);
    const { algorithm, keyIndex } = await verify(headers, BODY, [KEY, ed25519().whpk, pair.whpk]);
    assert.deepEqual({ algorithm, keyIndex }, { algorithm: "ed25519", keyIndex: 2 });
  });

  it("takes a public key as PEM, with white space around it and without, and none of another kind", async () => {
    const headers = webhookHeaders({ body: BODY }, pair.privateKey);
    const pem = createPublicKey(pair.privateKey).export({ type: "spki", format: "pem" }).toString();
    for (const key of [pem, pem.trim(), pem.replaceAll("\n", "\r\n")])
      assert.equal((await verify(headers, BODY, [KEY, key])).keyIndex, 1);
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "pem" });
    await refused("options_invalid", /key 0 is a public key as PEM, and not one of Ed25519/, headers, {
      keys: [other.toString()],
    });
    await refused("options_invalid", /not one of Ed25519/, headers, { keys: [pem.replace("MCow", "MCowMCow")] });
  });

  it("takes a secret as Standard Webhooks writes it, for both families", async () => {
    for (const headers of [webhookHeaders({ body: BODY }), zitadelHeaders({ body: BODY })])
      assert.equal((await verify(headers, BODY, WHSEC)).keyIndex, 0);
  });

  it("knows what the library of Standard Webhooks signs, and the other way round", async () => {
    const library = new Webhook(WHSEC);
    const now = new Date();
    const headers = {
      "webhook-id": "msg_1",
      "webhook-timestamp": `${Math.floor(now.getTime() / 1000)}`,
      "webhook-signature": library.sign("msg_1", now, BODY),
    };
    assert.equal((await verify(headers, BODY, WHSEC)).id, "msg_1");
    assert.deepEqual(library.verify(BODY, webhookHeaders({ body: BODY })), JSON.parse(BODY));
  });

  it("takes headers of Fetch, of Node and plain ones, and bodies as bytes and as text", async () => {
    const signed = webhookHeaders({ body: BODY });
    const asUpperCase = Object.fromEntries(Object.entries(signed).map(([name, value]) => [name.toUpperCase(), value]));
    const asLists = Object.fromEntries(Object.entries(signed).map(([name, value]) => [name, [value]]));
    const bytes = Buffer.from(BODY);
    const buffer = new Uint8Array(bytes).buffer;
    for (const headers of [signed, asUpperCase, asLists, new Headers(signed)])
      for (const body of [BODY, bytes, buffer]) assert.equal((await verify(headers, body, KEY)).id, "17.1");
  });

  it("takes any signature of several, while keys rotate", async () => {
    for (const headers of [
      webhookHeaders({ body: BODY }, OTHER_KEY, KEY, pair.privateKey),
      zitadelHeaders({ body: BODY }, OTHER_KEY, KEY),
    ])
      assert.equal((await verify(headers, BODY, KEY)).keyIndex, 0);
  });

  it("takes a ZITADEL header in any order, with parts that it does not know, and passes over what is no hexadecimal", async () => {
    const signed = zitadelHeaders({ body: BODY })["ZITADEL-Signature"] ?? "";
    const [t, v1] = signed.split(",");
    for (const value of [
      `${v1},${t}`,
      `v0=x,${signed},v2=y`,
      `${t},v1=zz,${v1}`,
      `${t}, ${v1?.toUpperCase().replace("V1", "v1")}`,
    ])
      assert.equal((await verify({ "zitadel-signature": value }, BODY, KEY)).family, "zitadel", value);
  });

  it("passes over versions of Standard Webhooks that it does not know", async () => {
    const headers = webhookHeaders({ body: BODY });
    const value = `v9,what_ever-else ${headers["webhook-signature"]}`;
    assert.equal((await verify({ ...headers, "webhook-signature": value }, BODY, KEY)).id, "17.1");
  });

  describe("where both families are there", () => {
    it("holds to Standard Webhooks, and to ZITADEL's where that is asked for", async () => {
      const headers = { ...webhookHeaders({ body: BODY }), ...zitadelHeaders({ body: BODY }) };
      assert.equal((await verify(headers, BODY, KEY)).family, "standard-webhooks");
      assert.equal((await verify(headers, BODY, KEY, { family: "zitadel" })).family, "zitadel");
    });

    it("does not fall back to the other one", async () => {
      const headers = { ...webhookHeaders({ body: BODY }, OTHER_KEY), ...zitadelHeaders({ body: BODY }) };
      await refused("no_match", /standard-webhooks/, headers);
    });

    it("takes ZITADEL's where the others have an id and a time, but no signature", async () => {
      const headers = { "webhook-id": "1", "webhook-timestamp": "1", ...zitadelHeaders({ body: BODY }) };
      assert.equal((await verify(headers, BODY, KEY)).family, "zitadel");
    });
  });

  describe("refuses", () => {
    const at = seconds();
    const webhook = webhookHeaders({ body: BODY, at });
    const signed = webhook["webhook-signature"] ?? "";
    const zitadel = zitadelHeaders({ body: BODY, at })["ZITADEL-Signature"] ?? "";
    const hex = zitadel.split("v1=")[1] ?? "";
    const withWebhook = (name: string, value: string | string[] | undefined) => ({ ...webhook, [name]: value });
    const withZitadel = (value: string | string[]) => ({ "ZITADEL-Signature": value });
    const cases: readonly [string, ErrorCode, RegExp, HeadersLike][] = [
      ["no headers", "missing", /webhook-signature nor zitadel-signature/, {}],
      ["an empty signature", "missing", /not signed/, withZitadel("")],
      ["no id", "missing", /webhook-id is not there/, withWebhook("webhook-id", undefined)],
      ["no time", "missing", /webhook-timestamp is not there/, withWebhook("webhook-timestamp", undefined)],
      ["an id with a space", "malformed", /webhook-id/, withWebhook("webhook-id", "a b")],
      ["two ids", "duplicate_header", /webhook-id/, withWebhook("webhook-id", ["a", "b"])],
      ["two ids, joined", "duplicate_header", /webhook-id/, withWebhook("webhook-id", "a, b")],
      ["a header in two spellings", "duplicate_header", /webhook-id/, withWebhook("Webhook-Id", "17.1")],
      ["a time in words", "malformed", /webhook-timestamp/, withWebhook("webhook-timestamp", "now")],
      ["a time with a sign", "malformed", /webhook-timestamp/, withWebhook("webhook-timestamp", `+${at}`)],
      ["a time with a zero before it", "malformed", /webhook-timestamp/, withWebhook("webhook-timestamp", `0${at}`)],
      ["two times, joined", "duplicate_header", /timestamp/, withWebhook("webhook-timestamp", `${at}, ${at}`)],
      ["a signature without a version", "malformed", /v1,BASE64/, withWebhook("webhook-signature", "AAAA")],
      ["base64 that is none", "malformed", /32 bytes/, withWebhook("webhook-signature", "v1,A*A")],
      ["a signature that is too short", "malformed", /32 bytes/, withWebhook("webhook-signature", "v1,AAAA")],
      ["a v1 as a v1a", "malformed", /64 bytes/, withWebhook("webhook-signature", signed.replace("v1,", "v1a,"))],
      ["no known version", "malformed", /no signature of/, withWebhook("webhook-signature", "v9,AAAA")],
      [
        "two signatures, joined",
        "duplicate_header",
        /signature/,
        withWebhook("webhook-signature", `${signed}, ${signed}`),
      ],
      ["too many signatures", "oversized", /16/, withWebhook("webhook-signature", Array(17).fill(signed).join(" "))],
      ["a signature without end", "oversized", /4096/, withWebhook("webhook-signature", "v1,".padEnd(5000, "A"))],
      ["an id without end", "oversized", /256/, withWebhook("webhook-id", "1".repeat(257))],
      ["no t", "malformed", /no t/, withZitadel(`v1=${hex}`)],
      ["a t that is no number", "malformed", /no t/, withZitadel(`t=x,v1=${hex}`)],
      ["no v1", "malformed", /no v1/, withZitadel(`t=${at}`)],
      ["no hexadecimal at all", "malformed", /no v1/, withZitadel(`t=${at},v1=zz`)],
      ["a part without a value", "malformed", /t=SECONDS/, withZitadel(`t=${at},v1`)],
      ["a part with two values", "malformed", /t=SECONDS/, withZitadel(`t=${at},v1=a=b`)],
      ["two t", "duplicate_header", /zitadel/, withZitadel(`t=1,${zitadel}`)],
      ["two headers", "duplicate_header", /zitadel/, withZitadel([zitadel, zitadel])],
      ["two headers, joined", "duplicate_header", /zitadel/, withZitadel(`${zitadel}, ${zitadel}`)],
      ["too many v1", "oversized", /16/, withZitadel(`t=${at}${`,v1=${hex}`.repeat(17)}`)],
      ["another id", "no_match", /standard-webhooks/, withWebhook("webhook-id", "17.2")],
      ["another time", "no_match", /standard-webhooks/, withWebhook("webhook-timestamp", `${at - 1}`)],
      ["another time of ZITADEL's", "no_match", /zitadel/, withZitadel(`t=${at - 1},v1=${hex}`)],
    ];
    for (const [title, code, text, headers] of cases) it(title, () => refused(code, text, headers));

    it("another body, and another key", async () => {
      for (const headers of [webhook, withZitadel(zitadel)]) {
        await refused("no_match", /None/, headers, { body: `${BODY} ` });
        await refused("no_match", /None/, headers, { keys: [OTHER_KEY, pair.whpk] });
      }
    });

    it("a family that is not the one that was asked for", async () => {
      await refused("missing", /zitadel-signature is not/, webhook, { family: "zitadel" });
      await refused("missing", /webhook-signature is not/, withZitadel(zitadel), { family: "standard-webhooks" });
    });

    it("an HMAC that was made with a public key of Ed25519", async () => {
      const raw = Buffer.from(pair.whpk.slice(5), "base64").toString("latin1");
      for (const key of [pair.whpk, raw])
        await refused("no_match", /None/, webhookHeaders({ body: BODY }, key), { keys: [pair.whpk] });
    });
  });

  describe("holds to its tolerance", () => {
    const cases: readonly [number, number | undefined, ErrorCode | undefined][] = [
      [-300, undefined, undefined],
      [-301, undefined, "too_old"],
      [300, undefined, undefined],
      [301, undefined, "too_new"],
      [-10, 10, undefined],
      [-11, 10, "too_old"],
      [11, 10, "too_new"],
    ];
    for (const [offset, toleranceSeconds, code] of cases)
      it(`of ${toleranceSeconds ?? "300"} s at ${offset} s: ${code ?? "verified"}`, async () => {
        // The last moment of the second.
        const now = 1_700_000_000_999;
        const at = 1_700_000_000 + offset;
        for (const headers of [webhookHeaders({ body: BODY, at }), zitadelHeaders({ body: BODY, at })]) {
          if (code) await refused(code, /tolerated/, headers, { toleranceSeconds, now });
          else assert.ok(await verify(headers, BODY, KEY, { toleranceSeconds, now }));
        }
      });

    it("which must be one", () =>
      refused("options_invalid", /toleranceSeconds/, webhookHeaders({ body: BODY }), { toleranceSeconds: NaN }));
  });

  describe("refuses keys", () => {
    const cases: readonly [string, string[], RegExp][] = [
      ["that are none", [], /no signing key/],
      ["that are empty", [KEY, ""], /Signing key 1/],
      ["with a line's end", [`${KEY}\n`], /white space/],
      ["that are no base64", ["whsec_???"], /whsec_/],
      ["of another length", ["whpk_AAAA"], /32 bytes/],
      ["that are private", ["whsk_AAAA"], /public one/],
      ["that are too many", Array<string>(17).fill(KEY), /16/],
    ];
    for (const [title, keys, text] of cases)
      it(title, () => refused("options_invalid", text, webhookHeaders({ body: BODY }), { keys }));

    it("and does not tell what they were", async () => {
      const secret = "whsec_not-base64-but-secret";
      await assert.rejects(verify({}, "", secret), (error: Error) => !error.message.includes("secret"));
    });
  });

  it("answers or throws a ReceiverError, whatever the headers and the body are", async () => {
    const at = seconds();
    const texts = fc.oneof(
      fc.string({ maxLength: 300, unit: "binary" }),
      fc.constantFrom(
        ...Object.values({ ...webhookHeaders({ body: BODY, at }), ...zitadelHeaders({ body: BODY, at }) }),
      ),
      fc.stringMatching(/^(?:(?:t=\d{0,11}|v1=[0-9a-fA-F]{0,66}|v1a?,[\w+/=]{0,90})[, ]?){0,6}$/),
      fc.array(fc.string({ maxLength: 50 }), { maxLength: 3 }),
    );
    const names = ["webhook-id", "webhook-timestamp", "webhook-signature", "zitadel-signature", "ZITADEL-Signature"];
    const headers = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), texts, { maxKeys: 6 });
    const bodies = fc.oneof(fc.constant(BODY), fc.string(), fc.uint8Array());
    await fc.assert(
      fc.asyncProperty(headers, bodies, async (given, body) => {
        try {
          await verify(given, body, [KEY, pair.whpk]);
          assert.equal(typeof body === "string" ? body : Buffer.from(body).toString(), BODY);
        } catch (error) {
          assert.ok(error instanceof ReceiverError, String(error));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("refuses a call of which any byte is another", async () => {
    const at = seconds();
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (place, change) => {
        const body = Buffer.from(BODY);
        const i = place % body.length;
        body[i] = (body[i] ?? 0) ^ change;
        for (const headers of [webhookHeaders({ body: BODY, at }), zitadelHeaders({ body: BODY, at })])
          await assert.rejects(verify(headers, body, KEY), { code: "no_match" });
      }),
    );
  });
});
