import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { generateKeyPairSync } from "node:crypto";
import { CompactSign, exportJWK } from "jose";
import { isolatedWorld } from "../test/isolated.ts";
import { KEY, ed25519, webhookHeaders, zitadelHeaders } from "../test/sign.ts";

const here = import.meta.dirname;
const BODY = '{"fullMethod":"/acme.v1.Users/Add","request":{"name":"Zoë"}}';

describe("a runtime that has nothing of Node's", () => {
  it("is what the others are run in", () => {
    const { load } = isolatedWorld();
    assert.throws(() => load(join(here, "../test/sign.ts")), /imports node:crypto/);
  });

  it("receives, verifies and answers calls by Fetch, without jose", async () => {
    const { load, loaded } = isolatedWorld();
    const { createReceiver, reply } = load(join(here, "index.ts"));
    const { fetchHandler } = load(join(here, "adapters/fetch.ts"));
    const { privateKey, whpk } = ed25519();
    const on = { request: ({ request }: any) => reply.change({ name: request.name }) };
    const handle = fetchHandler(createReceiver({ keys: [KEY, whpk], on, onError: () => undefined }));
    const send = (headers: Record<string, string>): Promise<Response> =>
      handle(new Request("http://receiver/", { method: "POST", body: BODY, headers }));
    for (const headers of [
      zitadelHeaders({ body: BODY }),
      webhookHeaders({ body: BODY }),
      webhookHeaders({ body: BODY, id: "2" }, privateKey),
    ])
      assert.equal(await (await send(headers)).text(), '{"name":"Zoë"}');
    assert.equal((await send({})).status, 401);
    assert.ok(![...loaded.keys()].some((file) => file.includes("jose")));
  });

  it("opens JWTs", async () => {
    const { createOpener } = isolatedWorld().load(join(here, "tokens.ts"));
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "k" }] };
    const jwt = await new CompactSign(Buffer.from(BODY))
      .setProtectedHeader({ alg: "RS256", kid: "k" })
      .sign(privateKey);
    assert.equal(await createOpener({ jwks })(jwt), BODY);
  });

  it("loads every adapter", () => {
    const { load } = isolatedWorld();
    for (const file of readdirSync(join(here, "adapters")).filter((each) => !each.endsWith(".test.ts")))
      assert.ok(Object.keys(load(join(here, "adapters", file))).length > 0, file);
  });

  it("loads little: less than 10 KiB, compressed, for a receiver by Fetch", () => {
    const { load, loaded } = isolatedWorld();
    load(join(here, "index.ts"));
    load(join(here, "adapters/fetch.ts"));
    const { length } = gzipSync([...loaded.values()].join(""));
    assert.ok(length < 10 * 1024, `${length} bytes`);
  });
});
