import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import type { SigningKey, TargetCredentials } from "@interpose/caller";
import type { LoadedKeys, SealedOutbound } from "../store/sql/load-keys.ts";
import type { SealedSigningKey, SigningAlgorithm } from "../store/sql/signing-key-row.ts";
import { createKeyBook, SERVED_AFTER_MS, type KeyBook, type UnreadableKey } from "./book.ts";
import { createInstanceKey } from "./instance-keys.ts";
import {
  NO_INSTANCE_OUTBOUND,
  NO_TARGET_OUTBOUND,
  sealOutbound,
  type Outbound,
  type TargetOutbound,
} from "./outbound.ts";
import { instanceOutboundPlace, targetOutboundPlace } from "./places.ts";
import { createSigningKey } from "./signing-keys.ts";
import { createVault } from "./vault.ts";

const INSTANCE = "1";
const VAULT = createVault([new Uint8Array(32).fill(1)]);
const NONE: LoadedKeys = {
  targetIds: undefined,
  signingKeys: [],
  publicKeys: [],
  outbound: [],
  instanceKeys: [],
  instanceOutbound: null,
};

/** A book with a clock that stands at `time.now`, and what it told of. */
function newBook(): { readonly book: KeyBook; readonly time: { now: number }; readonly told: UnreadableKey[] } {
  const time = { now: 1_000 };
  const told: UnreadableKey[] = [];
  const onUnreadable = (key: UnreadableKey): void => void told.push(key);
  return { book: createKeyBook({ vault: VAULT, instanceId: INSTANCE, now: () => time.now, onUnreadable }), time, told };
}

/** Tells a book of keys, and of the targets that they belong to, with nothing of their own to send unless it is given. */
function tell(book: KeyBook, keys: Partial<LoadedKeys>): void {
  const loaded = { ...NONE, ...keys };
  const owners = [...loaded.signingKeys, ...loaded.publicKeys].map(({ targetId }) => targetId);
  const silent = new Set(owners.filter((id) => !loaded.outbound.some(({ targetId }) => targetId === id)));
  const outbound = [...silent].map((targetId) => ({ targetId, endpoint: ENDPOINT, sealed: null }));
  book.update({ ...loaded, outbound: [...loaded.outbound, ...outbound] });
}

const ENDPOINT = "https://hooks.corp/a";

/** What calls of a target at its endpoint are given. */
function of(book: KeyBook, targetId: string, endpoint = ENDPOINT): TargetCredentials | undefined {
  return book.credentialsOf(targetId, endpoint);
}

/** What a target is sent, sealed. */
function sentTo(targetId: string, own: Partial<TargetOutbound>, endpoint = ENDPOINT): SealedOutbound {
  const place = targetOutboundPlace(INSTANCE, targetId);
  return { targetId, endpoint, sealed: sealOutbound(VAULT, place, { ...NO_TARGET_OUTBOUND, ...own }) };
}

/** What the instance sends, sealed. */
function sharedWith(origins: readonly string[], outbound: Partial<Outbound>): Uint8Array | null {
  return sealOutbound(VAULT, instanceOutboundPlace(INSTANCE), { ...NO_INSTANCE_OUTBOUND, ...outbound, origins });
}

let ids = 0;

/** A key of target 2, and its text. */
function signingKey(
  algorithm: SigningAlgorithm = "hmac",
  expiresAt: number | null = null,
  targetId = "2",
): { readonly key: SealedSigningKey; readonly text: string } {
  const id = String(++ids);
  const { sealed, text = "", publicKey } = createSigningKey(VAULT, algorithm, { instanceId: INSTANCE, targetId, id });
  const expires = expiresAt === null ? null : new Date(expiresAt);
  return { key: { targetId, id, algorithm, sealed, publicKey, createdAt: new Date(0), expiresAt: expires }, text };
}

const secretsOf = (keys: readonly SigningKey[] = []): readonly string[] =>
  keys.map((key) => (key.kind === "hmac" ? key.secret : key.kind));

describe("createKeyBook()", () => {
  it("knows no target that it was not told of, and no longer one that is gone", () => {
    const { book } = newBook();
    tell(book, { signingKeys: [signingKey().key] });
    assert.equal(of(book, "3"), undefined);
    assert.equal(of(book, "2")?.signingKeys.length, 1);
    tell(book, { targetIds: ["2"] });
    assert.equal(of(book, "2"), undefined);
  });

  it("changes the targets that were loaded, and leaves the others", () => {
    const { book } = newBook();
    const [two, three, next] = [signingKey(), signingKey("hmac", null, "3"), signingKey()];
    tell(book, { signingKeys: [two.key, three.key] });
    tell(book, { targetIds: ["2"], signingKeys: [next.key] });
    assert.deepEqual(secretsOf(of(book, "2")?.signingKeys), [next.text]);
    assert.deepEqual(secretsOf(of(book, "3")?.signingKeys), [three.text]);
  });

  it("lets a key sign to the millisecond at which its grace is over", () => {
    const { book, time } = newBook();
    const [next, former, oldest] = [signingKey(), signingKey("hmac", 3_000), signingKey("hmac", 2_000)];
    tell(book, { signingKeys: [next.key, former.key, oldest.key] });
    const at = (now: number): readonly string[] => {
      time.now = now;
      return secretsOf(of(book, "2")?.signingKeys);
    };
    assert.deepEqual(at(1_999), [next.text, former.text, oldest.text]);
    assert.deepEqual(at(2_000), [next.text, former.text]);
    assert.deepEqual(at(2_999), [next.text, former.text]);
    assert.deepEqual(at(3_000), [next.text]);
  });

  it("answers the same object until something is over, so that a call makes none", () => {
    const { book } = newBook();
    tell(book, { signingKeys: [signingKey().key, signingKey("hmac", 2_000).key] });
    assert.equal(of(book, "2"), of(book, "2"));
  });

  it("has pairs of Ed25519 as keys that sign", () => {
    const { book } = newBook();
    const { key } = signingKey("ed25519");
    tell(book, { signingKeys: [key] });
    const [signing] = of(book, "2")?.signingKeys ?? [];
    assert.ok(signing?.kind === "ed25519" && key.publicKey);
    const derived = createPublicKey(signing.privateKey).export({ type: "spki", format: "der" });
    assert.deepEqual(derived, Buffer.from(key.publicKey));
  });

  it("fails calls of a target with a key that cannot be opened, until that key is over, and tells of it once", () => {
    const { book, time, told } = newBook();
    const { key } = signingKey("hmac", 2_000);
    const other = signingKey();
    const moved = { ...key, id: "moved" };
    for (let i = 0; i < 2; i++) tell(book, { signingKeys: [other.key, moved] });
    assert.deepEqual(told, [{ targetId: "2", keyId: "moved", reason: "it was changed, or belongs to another place" }]);
    for (let i = 0; i < 2; i++)
      assert.throws(() => of(book, "2"), /something that calls of target 2 need cannot be opened/);
    time.now = 2_000;
    assert.deepEqual(secretsOf(of(book, "2")?.signingKeys), [other.text]);
  });

  it("encrypts for the active public key until it expires", () => {
    const { book, time } = newBook();
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = publicKey.export({ type: "spki", format: "pem" }) as string;
    tell(book, { publicKeys: [{ targetId: "2", id: "7", pem, expiresAt: new Date(2_000) }] });
    const found = of(book, "2");
    assert.deepEqual([found?.signingKeys, found?.encryptionKey?.id], [[], "7"]);
    assert.ok(found?.encryptionKey?.publicKey.equals(publicKey));
    time.now = 2_000;
    assert.equal(of(book, "2")?.encryptionKey, undefined);
  });

  it("signs tokens by the oldest key that is not retired, and serves those that were for 30 days", async () => {
    const { book, time, told } = newBook();
    assert.deepEqual([book.tokenSigner(), book.publicJwks()], [undefined, []]);
    const [old, next] = [await createInstanceKey(VAULT, INSTANCE, "1"), await createInstanceKey(VAULT, INSTANCE, "2")];
    const ofInstance = [
      { ...old, createdAt: new Date(0), retiredAt: new Date(5_000) },
      { ...next, createdAt: new Date(1_000), retiredAt: null },
    ];
    tell(book, { instanceKeys: ofInstance });
    const at = (now: number): readonly unknown[] => {
      time.now = now;
      return [book.tokenSigner()?.keyId, book.publicJwks().map(({ kid }) => kid)];
    };
    assert.deepEqual(at(4_999), ["1", ["1", "2"]]);
    assert.deepEqual(at(5_000), ["2", ["1", "2"]]);
    assert.deepEqual(at(5_000 + SERVED_AFTER_MS - 1), ["2", ["1", "2"]]);
    assert.deepEqual(at(5_000 + SERVED_AFTER_MS), ["2", ["2"]]);
    const signer = book.tokenSigner();
    assert.ok(signer);
    const jwk = { ...createPublicKey(signer.privateKey).export({ format: "jwk" }), kid: "2", alg: "RS256", use: "sig" };
    assert.deepEqual(book.publicJwks(), [jwk], "no private part is served");
    assert.deepEqual(told, []);
  });

  it("signs no token where the key that should cannot be opened", async () => {
    const { book, told } = newBook();
    const key = await createInstanceKey(createVault([new Uint8Array(32)]), INSTANCE, "1");
    tell(book, { instanceKeys: [{ ...key, createdAt: new Date(0), retiredAt: null }] });
    assert.equal(book.tokenSigner(), undefined);
    assert.match(told[0]?.reason ?? "", /sealed with the master key [0-9a-f]{16}, which was not given/);
  });

  it("has what a target is sent, with what the instance sends to its origin, whichever comes first", () => {
    const shared = sharedWith(["https://hooks.corp"], { headers: { "X-Shared": "s", "X-Key": "shared" } });
    const own = sentTo("2", { headers: { "x-key": "own" } });
    const elsewhere = sentTo("3", {}, "https://other.corp/a");
    const merged = { "X-Shared": "s", "x-key": "own" };
    const { book } = newBook();
    tell(book, { outbound: [own, elsewhere], instanceOutbound: shared });
    assert.deepEqual(of(book, "2")?.headers, merged);
    assert.equal(of(book, "3", elsewhere.endpoint)?.headers, undefined);
    // Of the targets, nothing is loaded when the instance's changes.
    tell(book, { targetIds: [], instanceOutbound: null });
    assert.deepEqual(of(book, "2")?.headers, { "x-key": "own" });
    tell(book, { targetIds: [], instanceOutbound: sharedWith(["https://*.corp"], { headers: { a: "b" } }) });
    assert.deepEqual(of(book, "2")?.headers, { a: "b", "x-key": "own" });
    assert.deepEqual(of(book, "3", elsewhere.endpoint)?.headers, { a: "b" });
    assert.equal(of(book, "2"), of(book, "2"), "no call makes another one");
  });

  it("gives a call to where its target was before the instance's for there, and nothing that the target is sent of its own", () => {
    const { book } = newBook();
    const instanceOutbound = sharedWith(["https://hooks.corp", "https://former.corp"], { headers: { a: "b" } });
    tell(book, { signingKeys: [signingKey().key], outbound: [sentTo("3", { headers: { c: "d" } })], instanceOutbound });
    assert.deepEqual(of(book, "2")?.headers, { a: "b" });
    const evil = of(book, "2", "https://evil.example/");
    assert.deepEqual([evil?.headers, evil?.signingKeys.length], [undefined, 1]);
    assert.deepEqual(of(book, "2", "https://former.corp/")?.headers, { a: "b" });
    for (const endpoint of ["https://evil.example/", "https://former.corp/", "https://hooks.corp/b"])
      assert.throws(() => of(book, "3", endpoint), /was not given for an endpoint of before/);
  });

  it("fails calls of a target whose own settings cannot be opened, and tells of it", () => {
    const { book, told } = newBook();
    tell(book, { outbound: [{ ...sentTo("3", { headers: { a: "b" } }), targetId: "2" }, sentTo("4", {})] });
    assert.throws(() => of(book, "2"), /cannot be opened/);
    assert.deepEqual(of(book, "4")?.headers, undefined);
    const reason = "it was changed, or belongs to another place";
    assert.deepEqual(told, [{ targetId: "2", keyId: "outbound", reason }]);
  });

  it("fails calls of all targets where the instance's cannot be opened, but of those that ignore them", () => {
    const { book, told } = newBook();
    const instanceOutbound = Buffer.from(sharedWith(["https://hooks.corp"], { headers: { a: "b" } }) ?? []);
    instanceOutbound[instanceOutbound.length - 1] = (instanceOutbound.at(-1) ?? 0) ^ 1;
    const outbound = [sentTo("2", {}), sentTo("3", { ignoresInstance: true, headers: { c: "d" } })];
    tell(book, { outbound, instanceOutbound });
    assert.throws(() => of(book, "2"), /cannot be opened/);
    assert.deepEqual(of(book, "3")?.headers, { c: "d" });
    assert.deepEqual(
      told.map(({ targetId, keyId }) => [targetId, keyId]),
      [[undefined, "outbound"]],
    );
    tell(book, { targetIds: [], instanceOutbound: null });
    assert.equal(of(book, "2")?.headers, undefined, "it was cleared");
  });
});
