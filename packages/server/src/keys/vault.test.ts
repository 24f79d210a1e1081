import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { createVault, isMasterKey, SealError, sealedBy, type SealPlace } from "./vault.ts";

const [ONE, TWO] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
const PLACE: SealPlace = { column: "signing_keys.sealed", instanceId: "1", ids: ["2", "3"] };
const SECRET = Buffer.from("a secret");

describe("createVault()", () => {
  const vault = createVault([ONE]);

  it("opens what it sealed, whatever its length", () => {
    for (const length of [0, 1, 16, 1_000]) {
      const secret = randomBytes(length);
      const sealed = vault.seal(secret, PLACE);
      assert.deepEqual(vault.open(sealed, PLACE), secret);
      assert.equal(sealed.byteLength, 1 + 8 + 12 + length + 16);
    }
  });

  it("seals the same secret in another way each time, and shows nothing of it", () => {
    const all = Array.from({ length: 1_000 }, () => vault.seal(SECRET, PLACE));
    assert.equal(new Set(all.map((sealed) => sealed.toString("hex"))).size, all.length);
    assert.equal(new Set(all.map((sealed) => sealed.subarray(9, 21).toString("hex"))).size, all.length, "nonces");
    for (const sealed of all) assert.equal(sealed.includes(SECRET), false);
  });

  const elsewhere: readonly SealPlace[] = [
    { ...PLACE, column: "instance_keys.sealed" },
    { ...PLACE, instanceId: "2" },
    { ...PLACE, ids: ["2", "4"] },
    { ...PLACE, ids: ["23"] },
    { ...PLACE, ids: ["2", "3", ""] },
    { ...PLACE, instanceId: "12", ids: ["", "3"] },
  ];
  for (const place of elsewhere) {
    it(`does not open what was moved to ${JSON.stringify(place)}`, () => {
      assert.throws(() => vault.open(vault.seal(SECRET, PLACE), place), /belongs to another place/);
    });
  }

  it("does not open what was changed in any byte, or cut off", () => {
    const sealed = vault.seal(SECRET, PLACE);
    for (let i = 0; i < sealed.byteLength; i++) {
      const changed = Buffer.from(sealed);
      changed[i] = (changed[i] ?? 0) ^ 1;
      assert.throws(() => vault.open(changed, PLACE), SealError, `byte ${i}`);
      assert.throws(() => vault.open(sealed.subarray(0, i), PLACE), SealError, `the first ${i} bytes`);
    }
  });

  it("opens with a former master key, and seals with the current one", () => {
    const rotating = createVault([TWO, ONE]);
    const [before, after] = [vault.seal(SECRET, PLACE), rotating.seal(SECRET, PLACE)];
    assert.deepEqual([rotating.open(before, PLACE), rotating.open(after, PLACE)], [SECRET, SECRET]);
    assert.deepEqual([sealedBy(before), sealedBy(after)], [vault.keyId, rotating.keyId]);
    assert.throws(() => vault.open(after, PLACE), new RegExp(`master key ${rotating.keyId}, which was not given`));
  });

  it("names master keys by ids that tell nothing of them", () => {
    assert.match(vault.keyId, /^[0-9a-f]{16}$/);
    assert.notEqual(vault.keyId, createVault([TWO]).keyId);
    assert.equal(createVault([ONE, TWO]).keyId, vault.keyId);
  });

  it("refuses keys of another length", () => {
    assert.throws(() => createVault([new Uint8Array(31)]), /32 bytes/);
  });
});

describe("isMasterKey()", () => {
  const cases: readonly [string, boolean][] = [
    [Buffer.alloc(32, 1).toString("base64"), true],
    [Buffer.alloc(31, 1).toString("base64"), false],
    [Buffer.alloc(33, 1).toString("base64"), false],
    [Buffer.alloc(32, 255).toString("base64url"), false],
    [Buffer.alloc(32, 1).toString("hex"), false],
    ["", false],
  ];
  for (const [text, expected] of cases)
    it(`is ${expected} for "${text}"`, () => assert.equal(isMasterKey(text), expected));
});
